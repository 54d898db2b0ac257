using IsoCatalog.IntegrationTests;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace IsoCatalog.IntegrationTests;

/// <summary>The rooms whose tests take longest begin: else one of those would run alone at the end, and most of the machine would wait for it.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Rooms = [".Crash.", ".Scenarios.", ".Fleet.", ".Interop."];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(c => Array.FindIndex(Rooms, room => c.TestCollectionDisplayName.Contains(room, StringComparison.Ordinal)) is >= 0 and var at ? at : Rooms.Length)];
}
