using IsoCatalog.Appliance.Wording;
using Spectre.Console;

namespace IsoCatalog.Appliance.Commands;

/// <summary>How far something long is: a bar for each step on a terminal, a line for each step elsewhere. For one caller at a time.</summary>
internal sealed class Steps
{
    private readonly Screen _screen;
    private readonly ProgressContext? _live;
    private readonly string _label;
    private ProgressTask? _bar;
    private string? _step;
    private string _detail = "";

    private Steps(Screen screen, string label, ProgressContext? live) => (_screen, _label, _live) = (screen, Plain.Text(label), live);

    public static async Task<T> FollowAsync<T>(Screen screen, string label, Func<Steps, Task<T>> work) => screen.IsLive
        ? await screen.Canvas.Progress()
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn(),
                new PercentageColumn(),
                new ElapsedTimeColumn())
            .StartAsync(live => work(new Steps(screen, label, live)))
        : await work(new Steps(screen, label, live: null));

    /// <param name="done">Of <paramref name="total"/>; a total of 0 is not known yet.</param>
    /// <param name="detail">The rest of the step's name, which may change while it runs.</param>
    public void Show(string step, double done, double total, string detail = "")
    {
        if (_step != step)
        {
            Complete();
            _bar = _live?.AddTask(Markup.Escape(_label));
        }

        if ((_step, _detail) != (step, detail))
        {
            (_step, _detail) = (step, detail);
            var description = $"{_label}: {Plain.Text(step)}{Plain.Text(detail)}";
            if (_bar is not null)
            {
                _bar.Description = Markup.Escape(description);
            }
            else if (!_screen.Json)
            {
                _screen.Note(description);
            }
        }

        if (_bar is { } bar)
        {
            bar.IsIndeterminate = total <= 0;
            bar.MaxValue = Math.Max(total, 1);
            bar.Value = Math.Clamp(done, 0, bar.MaxValue);
        }
    }

    /// <summary>The last step is done; a failed one is left as far as it came.</summary>
    public void Complete()
    {
        if (_bar is { } bar)
        {
            bar.IsIndeterminate = false;
            bar.Value = bar.MaxValue;
            bar.StopTask();
        }

        (_bar, _step) = (null, null);
    }
}
