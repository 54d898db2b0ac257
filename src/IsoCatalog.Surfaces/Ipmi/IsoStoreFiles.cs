using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>How open store files are looked at. Each member may be called from any thread.</summary>
/// <param name="Stat">The file as a receipt that carries the given root; times to the nanosecond, as fstat has them.</param>
/// <param name="DropFromPageCache">Makes the next reads come from the disk, as far as the file system allows.</param>
/// <param name="ReadBackRoot">Reads the whole file past the page cache, reports the bytes read so far, and gives their BitTorrent v2 root.</param>
public sealed record IsoStoreFiles(
    Func<SafeFileHandle, Sha256Digest, Receipt> Stat,
    Action<SafeFileHandle> DropFromPageCache,
    Func<SafeFileHandle, IProgress<long>?, CancellationToken, ValueTask<Sha256Digest>> ReadBackRoot);
