namespace IsoCatalog.Swarm.Metainfo;

/// <summary>What a reader accepts at most, so that what it allocates is bounded before it starts.</summary>
/// <param name="MaxLength">Bytes from the start to the end of the value.</param>
/// <param name="MaxDepth">Lists and dictionaries around a value.</param>
/// <param name="MaxValues">Values in all, dictionary keys not counted.</param>
public sealed record BencodeLimits(int MaxLength, int MaxDepth, int MaxValues)
{
    /// <summary>For a whole torrent file: 2^18 pieces have a 13 MiB piece layer and v1 list.</summary>
    public static BencodeLimits TorrentFile { get; } = new(16 * 1024 * 1024, 8, 4096);

    /// <summary>For one message of a peer or tracker.</summary>
    public static BencodeLimits Message { get; } = new(64 * 1024, 8, 2048);
}
