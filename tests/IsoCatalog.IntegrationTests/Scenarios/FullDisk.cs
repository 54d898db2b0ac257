using IsoCatalog.IntegrationTests.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>A small disk for a site's data folder, which another program fills.</summary>
internal sealed class FullDisk : IAsyncDisposable
{
    private readonly MountedFolder _mounted;

    private FullDisk(MountedFolder mounted) => _mounted = mounted;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public string Filler => Path.Combine(_mounted.Path, "filler");

    public static async Task<FullDisk> CreateAsync(string size) => new(await MountedFolder.TmpfsAsync(size));

    /// <summary>All that the site keeps lies here from now on; it must not run.</summary>
    public async Task HoldAsync(TestSite site)
    {
        (await Counterpart.RunAsync("cp", ["-a", site.Data + "/.", _mounted.Path], Cancel)).Succeeded();
        Directory.Delete(site.Data, recursive: true);
        Directory.CreateSymbolicLink(site.Data, _mounted.Path);
    }

    /// <summary>Takes whatever is free, to the last page.</summary>
    public void Fill()
    {
        using var filler = new FileStream(Filler, FileMode.Append);
        foreach (var block in new[] { 1 << 20, 4096 })
        {
            var bytes = new byte[block];
            try
            {
                while (true)
                {
                    filler.Write(bytes);
                    filler.Flush();
                }
            }
            catch (IOException)
            {
                // Full.
            }
        }
    }

    /// <summary>So much, and no more.</summary>
    public void Fill(long bytes)
    {
        using var filler = new FileStream(Filler, FileMode.Append);
        filler.Write(new byte[bytes]);
    }

    /// <summary>Also what the site keeps for itself.</summary>
    public void FillWithReserve()
    {
        Fill();
        File.Delete(Path.Combine(_mounted.Path, "reserve"));
        Fill();
    }

    public void Free(long bytes)
    {
        using var filler = new FileStream(Filler, FileMode.Open);
        filler.SetLength(Math.Max(0, filler.Length - bytes));
    }

    public void Free() => File.Delete(Filler);

    public ValueTask DisposeAsync() => _mounted.DisposeAsync();
}
