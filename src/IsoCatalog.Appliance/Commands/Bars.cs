namespace IsoCatalog.Appliance.Commands;

/// <summary>The steps that run now, each with a bar at the lower end of a terminal; elsewhere a line on stderr when a step begins. Thread-safe.</summary>
internal sealed class Bars
{
    /// <summary>Between two paintings: a faster one is only flicker, and the bytes of an upload come in small pieces.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly List<Steps> _steps = [];
    private readonly Screen _screen;
    private readonly Action<ILines>? _paint;
    private readonly TimeProvider _time;
    private readonly long _started;
    private TimeSpan _painted = -Pause;

    private Bars(Screen screen, TimeProvider time, Action<ILines>? paint) => (_screen, _time, _paint, _started) = (screen, time, paint, time.GetTimestamp());

    public static Task<T> ShowAsync<T>(Screen screen, TimeProvider time, Func<Bars, Task<T>> work) => screen.IsLive
        ? screen.MovingAsync(new Stack(), stays: false, paint => work(new Bars(screen, time, paint)))
        : work(new Bars(screen, time, paint: null));

    /// <param name="label">Before each of its steps; none where it is empty.</param>
    public Steps Add(string label) => new(this, label);

    internal TimeSpan Now => _time.GetElapsedTime(_started);

    /// <param name="begins">Another step than before.</param>
    internal void Show(Steps steps, StepLine line, bool begins)
    {
        if (_paint is null)
        {
            if (begins && !_screen.Json)
            {
                _screen.Note(line.Text);
            }

            return;
        }

        lock (_lock)
        {
            if (!_steps.Contains(steps))
            {
                _steps.Add(steps);
            }

            PaintNeedsLock(begins);
        }
    }

    internal void Remove(Steps steps)
    {
        lock (_lock)
        {
            if (_steps.Remove(steps))
            {
                PaintNeedsLock(atOnce: true);
            }
        }
    }

    private void PaintNeedsLock(bool atOnce)
    {
        if (atOnce || Now - _painted >= Pause)
        {
            _painted = Now;
            _paint?.Invoke(new Stack([.. _steps.Select(s => s.Line).OfType<StepLine>()]));
        }
    }
}
