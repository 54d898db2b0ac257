using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Surfaces.Files;

/// <summary>What came of reading a whole file back past the page cache.</summary>
/// <param name="Before">The open file before the first byte was read, with the root that its bytes turned out to have.</param>
/// <param name="After">The same after the last byte. If the two differ, somebody was at it meanwhile and the root says little.</param>
public readonly record struct ReadBack(Receipt Before, Receipt After)
{
    /// <param name="path">Not followed if it is a link.</param>
    /// <param name="bytesDone">Bytes read so far.</param>
    /// <param name="cancellationToken">Looked at every <see cref="UncachedReader.BlockSize"/> bytes.</param>
    /// <exception cref="IOException">It is not there, is not a regular file, or could not be read.</exception>
    public static ReadBack Of(string path, IProgress<long>? bytesDone, CancellationToken cancellationToken)
    {
        using var reader = new UncachedReader(path);
        using var hasher = new RootHasher();
        var before = FileIdentity.Of(reader.File, default);
        var done = 0L;
        reader.ReadAll(
            block =>
            {
                hasher.Append(block);
                bytesDone?.Report(done += block.Length);
            },
            cancellationToken);
        var root = hasher.Complete();
        return new ReadBack(before with { Root = root }, FileIdentity.Of(reader.File, root));
    }
}
