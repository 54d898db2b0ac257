namespace IsoCatalog.Testing.Hostile;

/// <summary>The numbers of messages between peers: BEP 3, from 13 on BEP 6, 20 BEP 10, from 21 on BEP 52.</summary>
public enum PeerMessage : byte
{
    Choke = 0,
    Unchoke = 1,
    Interested = 2,
    NotInterested = 3,
    Have = 4,
    Bitfield = 5,
    Request = 6,
    Piece = 7,
    Cancel = 8,
    Port = 9,
    SuggestPiece = 13,
    HaveAll = 14,
    HaveNone = 15,
    RejectRequest = 16,
    AllowedFast = 17,
    Extended = 20,
    HashRequest = 21,
    Hashes = 22,
    HashReject = 23,
}
