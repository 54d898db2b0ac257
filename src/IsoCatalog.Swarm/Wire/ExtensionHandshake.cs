using IsoCatalog.Swarm.Metainfo;

namespace IsoCatalog.Swarm.Wire;

/// <summary>The first extended message (BEP 10). We offer no extensions; what we care for is how many requests the other side queues.</summary>
internal static class ExtensionHandshake
{
    public const byte Id = 0;

    /// <summary>Requests that we queue for each connection: 128 MiB of blocks.</summary>
    public const int OurQueue = 8192;

    public static byte[] Payload { get; } = new BencodeWriter().BeginDictionary()
        .Key("m").BeginDictionary().End()
        .Key("reqq").Integer(OurQueue)
        .Key("v").Text("IsoCatalog")
        .End().ToArray();

    /// <summary>False when it is no dictionary. The queue is null when it is not said, or makes no sense.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> payload, out int? queue)
    {
        queue = null;
        if (!BencodeReader.TryReadFirst(payload, BencodeLimits.Message, out var value, out _, out _) || value is not BencodeValue.Dict dictionary)
        {
            return false;
        }

        queue = dictionary["reqq"] is BencodeValue.Integer { Value: > 0 and <= int.MaxValue } said ? (int)said.Value : null;
        return true;
    }
}
