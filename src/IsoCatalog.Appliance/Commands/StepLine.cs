using IsoCatalog.Appliance.Wording;

namespace IsoCatalog.Appliance.Commands;

/// <summary>How far a step is, in one line that fits into the window: what, a bar, bytes, rate, time left. Pure.</summary>
/// <param name="Total">0 while it is not known.</param>
/// <param name="Rate">In a second; 0 while it is not known.</param>
/// <param name="InBytes">Otherwise it is counted in pieces, and a rate says nothing.</param>
internal sealed record StepLine(string Text, double Done, double Total, double Rate, bool InBytes) : ILines
{
    private const int LeastText = 24;
    private const int ShortBar = 8;

    public IEnumerable<IReadOnlyList<Piece>> Lines(int? width)
    {
        var parts = new List<string>();
        if (Total > 0)
        {
            parts.Add(Plain.Bar(Done / Total));
            if (InBytes)
            {
                parts.Add($"{Plain.Size((long)Done)} of {Plain.Size((long)Total)}");
                if (Rate > 0)
                {
                    parts.Add(Plain.Size((long)Rate) + "/s");
                    parts.Add(Plain.Span(TimeSpan.FromSeconds(Math.Min((Total - Done) / Rate, 1e7))) + " left");
                }
            }
        }

        // The bar says most, and after it the time that is left; its length says least.
        var room = (width ?? int.MaxValue) - Math.Min(DisplayWidth.Of(Text), LeastText);
        if (parts.Count > 0 && Figures(parts) > room)
        {
            parts[0] = Plain.Bar(Done / Total, ShortBar);
        }

        while (parts.Count > 1 && Figures(parts) > room)
        {
            parts.RemoveAt(1);
        }

        if (parts.Count > 0 && Figures(parts) > room)
        {
            parts[0] = Plain.Percent(Done / Total);
        }

        var text = DisplayWidth.Cut(Text, Math.Max((width ?? int.MaxValue) - Figures(parts), 1));
        return [[new Piece(string.Join("  ", parts.Prepend(text)))]];
    }

    private static int Figures(List<string> parts) => parts.Sum(p => p.Length + 2);
}
