using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Readiness;

/// <summary>
/// What a file looked like when its bytes were last read back and matched <see cref="Root"/>. As long as stat still says the same, the
/// bytes are taken to be the same; any difference is doubt, and doubt withdraws.
/// </summary>
/// <param name="Device">st_dev.</param>
/// <param name="Inode">st_ino.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ModifiedNs">mtime, nanoseconds since the Unix epoch.</param>
/// <param name="ChangedNs">ctime, nanoseconds since the Unix epoch.</param>
/// <param name="Root">The BitTorrent v2 root (BEP 52) that the bytes had.</param>
public readonly record struct Receipt(ulong Device, ulong Inode, long Size, long ModifiedNs, long ChangedNs, Sha256Digest Root);
