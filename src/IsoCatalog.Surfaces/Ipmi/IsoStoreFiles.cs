using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>How open store files are looked at. Each member may be called from any thread.</summary>
/// <param name="Stat">The file as a receipt that carries the given root; times to the nanosecond, as fstat has them.</param>
/// <param name="DropFromPageCache">Makes the next reads come from the disk, as far as the file system allows.</param>
/// <param name="ReadBack">Reads the whole file at a path past the page cache, blocking, reports the bytes read so far, and gives the open
/// file before and after, with the BitTorrent v2 root that its bytes have. An <see cref="IOException"/> when it cannot.</param>
/// <param name="Links">Asked before another ctime is a doubt; the one object that whoever changes links of these files tells.</param>
public sealed record IsoStoreFiles(
    Func<SafeFileHandle, Sha256Digest, Receipt> Stat,
    Action<SafeFileHandle> DropFromPageCache,
    Func<string, IProgress<long>?, CancellationToken, (Receipt Before, Receipt After)> ReadBack,
    OwnLinks Links);
