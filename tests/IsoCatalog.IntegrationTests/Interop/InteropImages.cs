using IsoCatalog.Testing.Standard;

namespace IsoCatalog.IntegrationTests.Interop;

/// <summary>
/// Images whose sizes lie on both sides of every border: less than a leaf, a leaf, a piece of one leaf (below 32 MiB) and of two (from there).
/// </summary>
internal static class InteropImages
{
    private const int Leaf = 16 * 1024;
    private const int MiB = 1024 * 1024;

    private static readonly Lazy<SeededImage[]> All = new(() =>
        [.. new[] { 1, Leaf - 1, Leaf, Leaf + 1, 7 * Leaf + 100, 20 * MiB, 33 * MiB + 7 }.Select(size => new SeededImage(size))]);

    public static IReadOnlyList<SeededImage> OfEverySize => All.Value;

    /// <summary>Their whole files, for a client to seed.</summary>
    public static void Place(string folder)
    {
        foreach (var image in OfEverySize)
        {
            image.Place(folder);
        }
    }

    /// <summary>1,280 pieces of one leaf.</summary>
    public static SeededImage Large => All.Value[5];

    /// <summary>Pieces of two leaves.</summary>
    public static SeededImage WithLongPieces => All.Value[6];
}
