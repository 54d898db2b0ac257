namespace IsoCatalog.Swarm.Metainfo;

/// <summary>Why bytes are not a torrent that the engine takes: one file, BitTorrent v2 or hybrid (BEP 52).</summary>
public enum TorrentFault
{
    None,
    NotBencoded,
    NotADictionary,
    NoInfo,
    NotVersion2,
    NotOneFile,
    BadName,
    BadSize,
    BadPieceLength,
    TooManyPieces,
    BadRoot,
    NoPieceLayer,
    BadPieceLayer,
    PieceLayerDoesNotMatchRoot,
    V1DoesNotMatchV2,
}

/// <param name="Detail">What bencoding says, where the fault is in it; otherwise null.</param>
public readonly record struct TorrentError(TorrentFault Fault, BencodeError? Detail)
{
    public override string ToString() => Fault switch
    {
        TorrentFault.None => "nothing is wrong",
        TorrentFault.NotBencoded => $"not bencoded: {Detail}",
        TorrentFault.NotADictionary => "not a dictionary",
        TorrentFault.NoInfo => "there is no info dictionary",
        TorrentFault.NotVersion2 => "not a BitTorrent v2 or hybrid torrent (meta version 2)",
        TorrentFault.NotOneFile => "describes a folder or several files; an image is one file",
        TorrentFault.BadName => "the name is missing, longer than 255 bytes, or no plain file name",
        TorrentFault.BadSize => "the length is missing, negative or above 16 TiB",
        TorrentFault.BadPieceLength => "the piece length is no power of two from 16 KiB to 16 MiB",
        TorrentFault.TooManyPieces => "more pieces than are taken (1,048,576)",
        TorrentFault.BadRoot => "the pieces root is missing or is not 32 bytes long",
        TorrentFault.NoPieceLayer => "there is no piece layer for the root",
        TorrentFault.BadPieceLayer => "the piece layer has not 32 bytes for each piece",
        TorrentFault.PieceLayerDoesNotMatchRoot => "the piece layer does not hash to the root",
        TorrentFault.V1DoesNotMatchV2 => "the v1 half says something else than the v2 half",
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
