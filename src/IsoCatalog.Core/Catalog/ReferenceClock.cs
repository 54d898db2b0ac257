namespace IsoCatalog.Core.Catalog;

/// <summary>The time that documents are held against: no single clock, own or foreign, can move it far.</summary>
public static class ReferenceClock
{
    /// <summary>The lower median of clocks; at least one.</summary>
    /// <param name="clocks">What each shows, brought to the same moment.</param>
    public static DateTimeOffset LowerMedian(IEnumerable<DateTimeOffset> clocks)
    {
        List<DateTimeOffset> sorted = [.. clocks];
        sorted.Sort();
        return sorted[(sorted.Count - 1) / 2];
    }
}
