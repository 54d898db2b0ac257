using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;

namespace IsoCatalog.IntegrationTests.Surfaces;

/// <summary>The contract of surfaces that serve files: their evidence is the file's receipt, and a damaged file is a damaged image.</summary>
public abstract class FileSurfaceContract : SurfaceContract
{
    /// <summary>The file whose bytes the client is served.</summary>
    protected abstract string ServedPath(StoredImage image);

    protected sealed override void Damage(StoredImage image) => FlipOneByte(ServedPath(image));

    protected sealed override void Lose(StoredImage image) => File.Delete(ServedPath(image));

    protected sealed override IEnumerable<Evidence> Wrong(Evidence right)
    {
        var receipt = right.FileReceipt!.Value;
        yield return receipt with { ModifiedNs = receipt.ModifiedNs + 1 };
        yield return receipt with { Inode = receipt.Inode + 1 };
        yield return receipt with { Size = receipt.Size - 1 };
    }
}
