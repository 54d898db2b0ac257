namespace IsoCatalog.Core.Catalog;

/// <summary>The time that documents are held against: no single clock, own or foreign, can move it far.</summary>
public static class ReferenceClock
{
    /// <summary>The lower median of all clocks, the own one included.</summary>
    /// <param name="others">What peers said their clocks show, brought to the same moment.</param>
    public static DateTimeOffset LowerMedian(DateTimeOffset own, IEnumerable<DateTimeOffset> others)
    {
        List<DateTimeOffset> clocks = [.. others, own];
        clocks.Sort();
        return clocks[(clocks.Count - 1) / 2];
    }
}
