using System.Collections.Immutable;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Metainfo;
using IsoCatalog.Swarm.Pieces;
using IsoCatalog.Swarm.Storage;

namespace IsoCatalog.Swarm.Peers;

/// <summary>One image here, whole or on its way, and the connections about it. Thread-safe.</summary>
internal sealed class ImageSwarm
{
    private const int CachedLeaves = 8;

    private readonly SwarmContext _context;
    private readonly Action _wake;
    private readonly Queue<(int Piece, byte[] Leaves)> _leafCache = new();
    private readonly Bitfield _all;
    private ImmutableArray<PeerConnection> _connections = [];
    private ImageFile? _file;

    public ImageSwarm(SwarmContext context, Torrent torrent, Action wake)
    {
        (_context, Torrent, _wake) = (context, torrent, wake);
        Tree = new TreeReader(torrent);
        _all = new Bitfield(torrent.Geometry.Pieces);
        _all.SetAll();
    }

    public Torrent Torrent { get; }

    public TreeReader Tree { get; }

    /// <summary>Null for an image that was whole from the start.</summary>
    public Download? Download { get; set; }

    /// <summary>The caller has put the whole file somewhere: the transfer is history.</summary>
    public bool IsSeeded { get; set; }

    public PeerDials Dials { get; } = new();

    public ImageFile? File
    {
        get => Volatile.Read(ref _file);
        set => Volatile.Write(ref _file, value);
    }

    public bool IsStopped { get; set; }

    public Bitfield Have => Download?.Board.Have ?? _all;

    public ImmutableArray<PeerConnection> Connections => _connections;

    public void Add(PeerConnection connection) => ImmutableInterlocked.Update(ref _connections, static (all, one) => all.Add(one), connection);

    public void Remove(PeerConnection connection)
    {
        ImmutableInterlocked.Update(ref _connections, static (all, one) => all.Remove(one), connection);
        _wake();
    }

    /// <summary>Lets the connections look for work now, and the engine for connections.</summary>
    public void Wake()
    {
        foreach (var connection in Connections)
        {
            connection.TopUp();
        }

        _wake();
    }

    /// <summary>A piece is in the file: others may have it, and there is room for another.</summary>
    public void Announce(int piece)
    {
        foreach (var connection in Connections)
        {
            connection.Announce(piece);
            if (connection.Source.Starved)
            {
                connection.TopUp();
            }
        }
    }

    public void CutForCorruption(string identity)
    {
        string? alias = null;
        foreach (var connection in Connections)
        {
            if (connection.Identity.Name == identity)
            {
                connection.Cut(CutReason.Corrupt, "it sent a block that does not match the signed root");
                alias = connection.Identity.Host is { } host ? BanKey(host) : null;
            }
        }

        _context.Ledger.Ban(BanKey(identity), CutReason.Corrupt, alias);
    }

    /// <summary>A peer with a bad disk under one image may still have good ones: it is banned for this image only.</summary>
    public string BanKey(string identity) => $"{identity} {Torrent.Root}";

    public IReadOnlyList<PeerSnapshot> Snapshots() => [.. Connections.Select(connection => connection.Snapshot())];

    /// <summary>The leaf hashes of a piece that is here, read and hashed now or lately. Null when it cannot be read, or is damaged.</summary>
    public byte[]? Leaves(int piece)
    {
        lock (_leafCache)
        {
            if (_leafCache.FirstOrDefault(entry => entry.Piece == piece && entry.Leaves is not null).Leaves is { } known)
            {
                return known;
            }
        }

        var geometry = Torrent.Geometry;
        var bytes = new byte[geometry.LengthOf(piece)];
        if (File?.TryRead(bytes, geometry.OffsetOf(piece)) != true)
        {
            return null;
        }

        var leaves = new byte[geometry.BlocksOf(piece) * Sha256Digest.Length];
        PieceCheck.HashBlocks(bytes, leaves);
        if (PieceCheck.Root(geometry, piece, leaves) != Torrent.PieceHash(piece))
        {
            _context.Report(SwarmEventKind.Storage, $"Piece {piece} of {File?.Path} is damaged: it does not match the signed root.", root: Torrent.Root);
            return null;
        }

        lock (_leafCache)
        {
            _leafCache.Enqueue((piece, leaves));
            while (_leafCache.Count > CachedLeaves)
            {
                _leafCache.Dequeue();
            }
        }

        return leaves;
    }

    /// <summary>Why nothing arrives, for an operator.</summary>
    public string StallReason()
    {
        var connections = Connections;
        if (connections.IsEmpty)
        {
            return Dials.Trouble ?? "No peer is connected yet.";
        }

        var have = Have;
        var useful = connections.Where(connection => connection.HasWhatWeLack(have)).ToArray();
        if (useful.Length == 0)
        {
            return "No connected peer has what is missing.";
        }

        return useful.All(connection => !connection.Source.Open)
            ? "The connected peers serve others now."
            : "The connected peers were asked and do not answer.";
    }
}
