namespace IsoCatalog.Client;

/// <summary>What an image may be for.</summary>
public static class ImageKinds
{
    public static IReadOnlyList<string> All { get; } = ["installer", "live", "rescue", "drivers", "other"];
}
