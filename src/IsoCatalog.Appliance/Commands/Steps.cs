namespace IsoCatalog.Appliance.Commands;

/// <summary>What is done one step after the other, such as the copying of a file and its reading back. For one caller at a time.</summary>
internal sealed class Steps(Bars bars, string label) : IDisposable
{
    private Pace _pace = new();
    private string? _step;

    /// <summary>The step that runs. Null before the first.</summary>
    public StepLine? Line { get; private set; }

    /// <param name="done">Of <paramref name="total"/>; a total of 0 is not known yet.</param>
    /// <param name="detail">The rest of the step's name, which may change while it runs.</param>
    public void Show(string step, double done, double total, string detail = "", bool inBytes = true)
    {
        if (_step != step)
        {
            (_step, _pace) = (step, new Pace());
        }

        var text = (label.Length == 0 ? "" : label + ": ") + step + detail;
        var begins = Line?.Text != text;
        Line = new StepLine(text, done, total, inBytes ? _pace.At(bars.Now, done) : 0, inBytes);
        bars.Show(this, Line, begins);
    }

    public void Dispose() => bars.Remove(this);
}
