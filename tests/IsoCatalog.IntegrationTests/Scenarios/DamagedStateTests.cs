using System.Security.Cryptography;
using System.Text;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>The database or the signed document cannot be right: the site says so, ends with 3 and touches nothing; with the old file back all is as it was.</summary>
public sealed class DamagedStateTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("text")]
    [InlineData("zeros")]
    [InlineData("cut in half")]
    [InlineData("a page overwritten")]
    [InlineData("a table missing")]
    [InlineData("a value that nobody writes")]
    [InlineData("an image id that is none")]
    [InlineData("a root that is none")]
    public async Task A_database_that_is_unusable_is_named_and_left_alone(string damage)
    {
        await using var site = await Scenario.StartAsync();
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 1 << 20, 1)), Cancel);
        await site.StopAsync();
        var database = Path.Combine(site.Data, "isocatalog.db");
        var whole = await File.ReadAllBytesAsync(database, Cancel);
        await DamageAsync(database, whole, damage);

        await RefusedAsync(site, "database-unusable", database, "backup", "move it away");
        await File.WriteAllBytesAsync(database, whole, Cancel);
        await site.StartAgainAsync(Cancel);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
        Assert.True(await site.ListsAsync("console", image.Id, Cancel));
    }

    [Fact]
    public async Task A_database_of_a_later_version_is_named_and_left_alone()
    {
        await using var site = await Scenario.StartAsync();
        await site.StopAsync();
        var database = Path.Combine(site.Data, "isocatalog.db");
        (await Counterpart.RunAsync("sqlite3", [database, "PRAGMA user_version = 99"], Cancel)).Succeeded();
        await RefusedAsync(site, "database-newer", database, "99", "Install");
    }

    [Theory]
    [InlineData("a byte of the payload")]
    [InlineData("a byte of the signature")]
    [InlineData("a byte of the form")]
    [InlineData("cut in half")]
    [InlineData("empty")]
    [InlineData("of another site")]
    public async Task A_signed_catalog_that_was_altered_is_named_and_left_alone(string damage)
    {
        await using var site = await Scenario.StartAsync();
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 1 << 20, 1)), Cancel);
        await site.StopAsync();
        var catalog = NewestDocument(site);
        var whole = await File.ReadAllBytesAsync(catalog, Cancel);
        await File.WriteAllBytesAsync(catalog, damage == "of another site" ? await OfAnotherSiteAsync() : Altered(whole, damage), Cancel);

        await RefusedAsync(site, "catalog-invalid", catalog, "backup");
        await File.WriteAllBytesAsync(catalog, whole, Cancel);
        await site.StartAgainAsync(Cancel);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
        Assert.True(await site.ListsAsync("console", image.Id, Cancel));
    }

    [Theory]
    [InlineData("altered")]
    [InlineData("cut in half")]
    [InlineData("gone")]
    public async Task A_chunk_of_the_signed_catalog_that_is_not_right_is_named_and_left_alone(string damage)
    {
        await using var site = await Scenario.StartAsync();
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 1 << 20, 1)), Cancel);
        await site.StopAsync();
        var chunk = Newest(Path.Combine(site.Data, "catalog", "chunks"));
        var whole = await File.ReadAllBytesAsync(chunk, Cancel);
        if (damage == "gone")
        {
            File.Delete(chunk);
        }
        else
        {
            var changed = damage == "altered" ? whole.ToArray() : whole[..(whole.Length / 2)];
            changed[changed.Length / 2] ^= 1;
            await File.WriteAllBytesAsync(chunk, changed, Cancel);
        }

        await RefusedAsync(site, "catalog-invalid", chunk, "backup");
        await File.WriteAllBytesAsync(chunk, whole, Cancel);
        await site.StartAgainAsync(Cancel);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
        Assert.True(await site.ListsAsync("console", image.Id, Cancel));
    }

    [Fact]
    public async Task A_signed_catalog_that_is_gone_is_missed_and_no_empty_one_takes_its_place()
    {
        await using var site = await Scenario.StartAsync(TestSiteOptions.InOwnProcess);
        var source = site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 1 << 20, 1));
        await site.AddAsync(source, Cancel);
        await site.KillAsync();
        foreach (var document in Directory.GetFiles(Path.Combine(site.Data, "catalog", "documents", "ams")))
        {
            File.Delete(document);
        }

        await RefusedAsync(site, "catalog-missing", Path.Combine(site.Data, "catalog", "documents"), "backup", "isocatalog.db");

        // The other way out that the message names.
        File.Delete(Path.Combine(site.Data, "isocatalog.db"));
        await site.StartAgainAsync(Cancel);
        await site.AddAsync(source, Cancel);
        Assert.Empty((await site.Client.GetDriftAsync(Cancel)).Drift);
    }

    [Fact]
    public async Task What_a_crash_tore_is_cleaned_up_and_costs_nothing()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("DEBIAN", 1 << 20, 1);
        var image = await site.AddAsync(site.Write("debian-12.iso", bytes), Cancel);
        await site.StopAsync();
        var half = bytes[..(bytes.Length / 2)];
        string[] torn =
        [
            Path.Combine(site.Data, "staging", "add-0123456789abcdef"),
            Path.Combine(site.Data, "store", "aa", $".{new string('a', 64)}.torrent.01234567.tmp"),
            Path.Combine(Path.GetDirectoryName(site.StoreFile(image))!, $".{image.Root}.torrent.89abcdef.tmp"),
            Path.Combine(site.Data, "catalog", "chunks", $".{new string('a', 64)}.json.01234567.tmp"),
            Path.Combine(site.Data, "catalog", "documents", "ams", $".{new string('b', 64)}.json.01234567.tmp"),
            Path.Combine(site.Console, ".isocatalog", $"{image.Root}.part"),
            Path.Combine(site.Console, ".isocatalog", "own", $".{image.Name}.01234567.tmp"),
        ];
        var journal = Path.Combine(site.Data, "isocatalog.db-journal");
        foreach (var path in torn)
        {
            await File.WriteAllBytesAsync(path, half, Cancel);
        }

        // A journal whose header was not synced yet: what it says was never begun in the database.
        await File.WriteAllBytesAsync(journal, new byte[4096], Cancel);

        await site.StartAgainAsync(Cancel);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
        Assert.True(await site.ListsAsync("console", image.Id, Cancel));
        Assert.DoesNotContain(torn, File.Exists);
        Assert.Equal(bytes, await witness.ServedAsync(image.Id));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(site.Console, image.Name), Cancel));
        await site.AddAsync(site.Write("second.iso", IsoBuilder.InMemory("SECOND", 1 << 20, 2)), Cancel);
        Assert.Empty((await site.Client.GetDriftAsync(Cancel)).Drift);

        // While the site runs, a journal is there whenever it writes to its database.
        await site.StopAsync();
        Assert.False(File.Exists(journal));
    }

    private static async Task DamageAsync(string database, byte[] whole, string damage)
    {
        var sql = damage switch
        {
            "a table missing" => "DROP TABLE cell",
            "a value that nobody writes" => "UPDATE cell SET state = 'Perhaps'",
            "an image id that is none" => "UPDATE computed SET image = 'debian'",
            "a root that is none" => "UPDATE file SET root = 'debian'",
            _ => null,
        };
        if (sql is not null)
        {
            (await Counterpart.RunAsync("sqlite3", [database, sql], Cancel)).Succeeded();
            return;
        }

        var bytes = whole.ToArray();
        bytes = damage switch
        {
            "text" => Encoding.UTF8.GetBytes("This was a database once."),
            "zeros" => new byte[bytes.Length],
            "cut in half" => bytes[..(bytes.Length / 2)],
            "a page overwritten" => bytes,
            _ => throw new ArgumentOutOfRangeException(nameof(damage), damage, null),
        };
        if (damage == "a page overwritten")
        {
            bytes.AsSpan(4096, 4096).Fill(0xA5);
        }

        await File.WriteAllBytesAsync(database, bytes, Cancel);
    }

    /// <summary>One character is another one of the same alphabet.</summary>
    private static byte[] Altered(byte[] whole, string damage)
    {
        var text = Encoding.UTF8.GetString(whole);
        int After(string member) => text.IndexOf($"\"{member}\":", StringComparison.Ordinal) is var at && at >= 0
            ? text.IndexOf('"', at + member.Length + 3) + 20
            : throw new InvalidOperationException($"The document has no {member}: {text}");
        var changed = whole.ToArray();
        switch (damage)
        {
            case "a byte of the payload":
                Flip(After("payload"));
                return changed;
            case "a byte of the signature":
                Flip(After("sig"));
                return changed;
            case "a byte of the form":
                changed[0] ^= 1;
                return changed;
            case "cut in half":
                return changed[..(changed.Length / 2)];
            default:
                return [];
        }

        void Flip(int at) => changed[at] = changed[at] == (byte)'A' ? (byte)'B' : (byte)'A';
    }

    private static async Task<byte[]> OfAnotherSiteAsync()
    {
        await using var other = await Scenario.StartAsync();
        await other.AddAsync(other.Write("other.iso", IsoBuilder.InMemory("OTHER", 1 << 20, 9)), Cancel);
        return await File.ReadAllBytesAsync(NewestDocument(other), Cancel);
    }

    private static string NewestDocument(TestSite site) => Newest(Path.Combine(site.Data, "catalog", "documents", "ams"));

    private static string Newest(string folder) => Directory.GetFiles(folder, "*.json").MaxBy(File.GetLastWriteTimeUtc)!;

    private static async Task RefusedAsync(TestSite site, string code, params string[] words)
    {
        var before = Files(site);
        var (exit, _, errors) = await TestSite.RunAsync(
            ["serve", "--config", site.ConfigurationPath, "--json", "--until-stdin-closes"], Cancel);
        Assert.True(exit == 3, $"It ended with {exit}: {errors}");
        Assert.Contains($"\"code\":\"{code}\"", errors, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, errors, StringComparison.Ordinal));
        Assert.Equal(before, Files(site));
    }

    /// <summary>Every file with its time and its bytes, the database among them.</summary>
    private static List<string> Files(TestSite site) =>
    [
        .. new[] { site.Data, site.Console }.SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            .Where(path => path != Path.Combine(site.Data, "lock") && !path.StartsWith(Path.Combine(site.Data, "run"), StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(path => $"{path} {File.GetLastWriteTimeUtc(path):O} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))}"),
    ];
}
