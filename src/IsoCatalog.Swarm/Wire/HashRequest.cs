using System.Buffers.Binary;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Swarm.Wire;

/// <summary>A run of nodes of the tree (BEP 52), as hash request, hashes and hash reject name it.</summary>
/// <param name="BaseLayer">Levels above the leaves at which the run stands.</param>
/// <param name="Index">Where the run starts in its layer.</param>
/// <param name="Count">Nodes in the run.</param>
/// <param name="ProofLayers">Levels above the base up to which uncles are included; those that the run itself implies are left out.</param>
internal readonly record struct HashRequest(Sha256Digest Root, int BaseLayer, int Index, int Count, int ProofLayers)
{
    public const int Length = Sha256Digest.Length + 16;

    /// <summary>Uncles that follow the run.</summary>
    public int Uncles => Math.Max(0, ProofLayers - System.Numerics.BitOperations.Log2((uint)Math.Max(1, Count)) + 1);

    public void WriteTo(Span<byte> bytes)
    {
        Root.CopyTo(bytes);
        BinaryPrimitives.WriteInt32BigEndian(bytes[32..], BaseLayer);
        BinaryPrimitives.WriteInt32BigEndian(bytes[36..], Index);
        BinaryPrimitives.WriteInt32BigEndian(bytes[40..], Count);
        BinaryPrimitives.WriteInt32BigEndian(bytes[44..], ProofLayers);
    }

    /// <summary>The numbers may be anything; they are checked against the torrent.</summary>
    public static HashRequest Read(ReadOnlySpan<byte> bytes) => new(
        new Sha256Digest(bytes[..Sha256Digest.Length]),
        BinaryPrimitives.ReadInt32BigEndian(bytes[32..]),
        BinaryPrimitives.ReadInt32BigEndian(bytes[36..]),
        BinaryPrimitives.ReadInt32BigEndian(bytes[40..]),
        BinaryPrimitives.ReadInt32BigEndian(bytes[44..]));
}
