namespace IsoCatalog.Swarm.Wire;

/// <summary>The kinds of messages between peers: BEP 3, BEP 6 (13 to 17), BEP 10 (20), BEP 52 (21 to 23).</summary>
internal enum MessageKind
{
    KeepAlive = -1,
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
    Suggest = 13,
    HaveAll = 14,
    HaveNone = 15,
    Reject = 16,
    AllowedFast = 17,
    Extended = 20,
    HashRequest = 21,
    Hashes = 22,
    HashReject = 23,
}
