using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;

namespace IsoCatalog.IntegrationTests.Surfaces;

/// <summary>A surface without files: disks that only an id tells from each other.</summary>
public sealed class DiskSurfaceContractTests : SurfaceContract
{
    private readonly DiskDomain _domain = new();

    protected override Task<ISurface> CreateAsync() => Task.FromResult<ISurface>(new DiskSurface("vm", _domain));

    /// <summary>A user picks by the alias.</summary>
    protected override Task<byte[]?> SeenByClientAsync(StoredImage image) => Task.FromResult(DiskOf(image) is { } disk ? _domain.Read(disk) : null);

    protected override void Damage(StoredImage image) => _domain.FlipOneByte(DiskOf(image)!.Value);

    protected override void Lose(StoredImage image) => _domain.Remove(DiskOf(image)!.Value);

    protected override IEnumerable<Evidence> Wrong(Evidence right)
    {
        var own = (Evidence.Own)right;
        var words = own.Text.Split(' ');
        yield return own with { Text = $"{Guid.NewGuid():D} {words[1]}" };
        yield return own with { Text = $"{words[0]} {new string('0', 64)}" };
        yield return own with { Text = "" };
        yield return new Evidence.Own(own.Root, own.Size - 1, own.Text);
    }

    private Guid? DiskOf(StoredImage image) => _domain.Offered.Where(d => d.Value == image.FileName).Select(d => (Guid?)d.Key).SingleOrDefault();
}
