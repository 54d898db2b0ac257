using System.Security.Cryptography;
using System.Text.Json;
using IsoCatalog.Client;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>What the scenarios share: a site with its volume's folder, and proof that something left no trace.</summary>
internal static class Scenario
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A site with one surface of each kind, whose engine is asked fifty times as often as in earnest.</summary>
    public static TestSiteOptions AllSurfaces(SimulatedDomain domain) => new()
    {
        EnginePace = 50,
        Surfaces =
            $$"""
              - { name: bmc, kind: ipmi, allow: ["127.0.0.0/8"] }
              - { name: console, kind: volume, path: "{root}/console", check: 1s }
            {{domain.Surface}}
            """,
    };

    public static async Task<TestSite> PrepareAsync(TestSiteOptions? options = null)
    {
        var site = await TestSite.PrepareAsync(Cancel, options);
        Directory.CreateDirectory(site.Console);
        return site;
    }

    public static async Task<TestSite> StartAsync(TestSiteOptions? options = null)
    {
        var site = await PrepareAsync(options);
        try
        {
            await site.StartAgainAsync(Cancel);
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    public static string Write(this TestSite site, string name, ReadOnlySpan<byte> bytes)
    {
        var path = Path.Combine(site.Root, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>The site as it was told: one configuration value in place of another.</summary>
    public static async Task ConfigureAsync(this TestSite site, string old, string changed)
    {
        var text = await File.ReadAllTextAsync(site.ConfigurationPath, Cancel);
        Assert.Contains(old, text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(site.ConfigurationPath, text.Replace(old, changed, StringComparison.Ordinal), Cancel);
    }

    /// <summary>Adds a file of the site's own machine and waits for the end of the job.</summary>
    public static async Task<JobView> AddPathAsync(this TestSite site, AddRequest request)
    {
        var job = await site.Client.AddImageAsync(request, Cancel);
        return await site.EndOfAsync(job);
    }

    public static async Task<JobView> EndOfAsync(this TestSite site, JobView job)
    {
        await TestSite.EventuallyAsync(async () => (job = await site.Client.GetJobAsync(job.Id, Cancel)).State != "running", Cancel, seconds: 60);
        return job;
    }

    /// <summary>The site's own copy gets there: present, doubted, fetching, lost, retired or absent.</summary>
    public static Task StoreIsAsync(this TestSite site, ImageView image, string state) => TestSite.EventuallyAsync(
        async () => (await site.Client.GetImageAsync(image.Id.ToString(), Cancel)).Store.State == state, Cancel);

    public static async Task<Problem> RefusedUploadAsync(
        this TestSite site, ReadOnlyMemory<byte> bytes, string name, Sha256Digest? sha256 = null)
    {
        var refused = await Assert.ThrowsAsync<ApplianceException>(() => site.Client.UploadImageAsync(
            new MemoryStream(bytes.ToArray()), name, sha256, null, null, Cancel));
        return refused.Problem;
    }

    /// <summary>The code, and a text that says what and where, with what to do beside it.</summary>
    public static void Says(this Problem? problem, string code, params string[] words)
    {
        Assert.Equal("urn:isocatalog:problem:" + code, problem?.Type);
        Assert.All(words, word => Assert.Contains(word, $"{problem!.Detail} {problem.Remedy}", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>
    /// Everything that may not change when something is refused: each file below the data folder and on the volume with its inode, times and bytes, the
    /// signed document among them, and what the site answers. Left out is what lives on by itself: the database's files, the socket and the lock.
    /// </summary>
    public static async Task<string> SnapshotAsync(this TestSite site, params string[] sources)
    {
        var lines = new List<string>();
        var files = new[] { site.Data, site.Console }.Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories))
            .Where(path => !path.StartsWith(Path.Combine(site.Data, "isocatalog.db"), StringComparison.Ordinal)
                && !path.StartsWith(Path.Combine(site.Data, "run"), StringComparison.Ordinal)
                && path != Path.Combine(site.Data, "lock"))
            .Concat(sources)
            .Order(StringComparer.Ordinal);
        foreach (var path in files)
        {
            lines.Add(Directory.Exists(path) ? path : $"{path} {FileIdentity.Of(path, default)} {await HashAsync(path)}");
        }

        lines.Add(JsonSerializer.Serialize(await site.Client.GetImagesAsync(Cancel), ApiJson.Default.ImageList));
        foreach (var surface in new[] { "bmc", "console" })
        {
            lines.Add((await site.Client.GetAvailableAsync(new AvailableRequest(surface), etag: null, Cancel))!.ETag!);
        }

        return string.Join('\n', lines);
    }

    private static async Task<string> HashAsync(string path)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return Convert.ToHexString(await SHA256.HashDataAsync(file, Cancel));
    }
}
