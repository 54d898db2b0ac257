using System.Net;
using System.Net.Sockets;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>A site that cannot start says why and what to do, ends with 3, and changes nothing.</summary>
public sealed class BadStartTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_that_others_may_read_is_refused_with_the_command_that_mends_it()
    {
        await using var site = await Scenario.PrepareAsync();
        var key = Path.Combine(site.Data, "keys", "site-sign.pem");
        File.SetUnixFileMode(key, (UnixFileMode)0b110_100_100);
        await RefusedAsync(site, "key-mode", key, "0644", $"chmod 600 {key}");
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await site.StartAgainAsync(Cancel);
    }

    [Theory]
    [InlineData("site-sign.pem")]
    [InlineData("url-secret")]
    public async Task A_key_that_is_garbage_is_refused_and_not_replaced(string name)
    {
        await using var site = await Scenario.PrepareAsync();
        var key = Path.Combine(site.Data, "keys", name);
        await File.WriteAllTextAsync(key, "garbage", Cancel);
        await RefusedAsync(site, "key-invalid", key, "backup");
        Assert.Equal("garbage", await File.ReadAllTextAsync(key, Cancel));
    }

    [Fact]
    public async Task A_key_that_is_missing_is_refused_and_not_made_anew()
    {
        await using var site = await Scenario.PrepareAsync();
        var key = Path.Combine(site.Data, "keys", "url-secret");
        File.Delete(key);
        await RefusedAsync(site, "key-missing", key, "backup");
        Assert.False(File.Exists(key));
    }

    [Fact]
    public async Task A_key_that_the_sites_user_may_not_read_is_refused()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Running the site as another user needs root.");
        var setpriv = Counterpart.Require("setpriv");
        await using var site = await Scenario.PrepareAsync(
            new TestSiteOptions { Wrapper = [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"] });
        (await Counterpart.RunAsync("chown", ["-R", "65534:65534", site.Root], Cancel)).Succeeded();
        var key = Path.Combine(site.Data, "keys", "site-sign.pem");
        (await Counterpart.RunAsync("chown", ["0:0", key], Cancel)).Succeeded();
        var (exit, errors) = await site.StartInVainAsync(Cancel);
        Assert.Equal(3, exit);
        Assert.Contains(key, errors, StringComparison.Ordinal);
        Assert.Contains("0600", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("site: ams", "siet: ams", ":1:1:", "siet", "site")]
    [InlineData("data: ", "hashign: auto\ndata: ", ":2:1:", "hashign", "hashing")]
    [InlineData("api: ", "apy: ", ":3:11:", "listen.apy", "api")]
    public async Task A_misspelt_key_is_refused_with_its_place_and_the_word_that_was_meant(string old, string changed, params string[] words)
    {
        await using var site = await Scenario.PrepareAsync();
        await site.ConfigureAsync(old, changed);
        var (exit, errors) = await site.StartInVainAsync(Cancel);
        Assert.Equal(3, exit);
        Assert.Contains(words[0], errors, StringComparison.Ordinal);
        Assert.Contains(words[1], errors, StringComparison.Ordinal);
        Assert.Contains("did you mean", errors, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(words[2], errors, StringComparison.Ordinal);

        var (checkedExit, output, _) = await TestSite.RunAsync(["check-config", site.ConfigurationPath], Cancel);
        Assert.Equal(3, checkedExit);
        Assert.Contains(words[0], output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("api", "listen.api")]
    [InlineData("iso", "ISO listener")]
    public async Task A_port_that_another_program_has_is_refused_by_name(string listener, string named)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        await using var site = await Scenario.PrepareAsync();
        await site.ConfigureAsync($"{listener}: \"127.0.0.1:0\"", $"{listener}: \"{other.LocalEndpoint}\"");
        await RefusedAsync(site, "port-in-use", other.LocalEndpoint.ToString()!, named);
    }

    [Fact]
    public async Task A_data_folder_that_a_site_already_uses_is_refused_and_that_site_goes_on()
    {
        await using var site = await Scenario.StartAsync();
        var image = await site.AddAsync(site.Write("good.iso", IsoBuilder.InMemory("GOOD", 1 << 20, 1)), Cancel);
        var before = await site.SnapshotAsync();
        await RefusedElsewhereAsync(site, "data-in-use", site.Data, "another isocatalog process");
        Assert.Equal(before, await site.SnapshotAsync());
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));

        // The socket is still that site's own.
        var (exit, output, _) = await TestSite.RunAsync(["ls", "--config", site.ConfigurationPath, "--json"], Cancel);
        Assert.Equal(0, exit);
        Assert.Contains(image.Id.ToString(), output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_API_open_to_the_network_without_TLS_is_refused_by_the_check_and_at_the_start()
    {
        await using var site = await Scenario.PrepareAsync();
        await site.ConfigureAsync("api: \"127.0.0.1:0\"", "api: \"0.0.0.0:8443\"");
        var (exit, errors) = await site.StartInVainAsync(Cancel);
        var (checkedExit, output, _) = await TestSite.RunAsync(["check-config", site.ConfigurationPath], Cancel);
        Assert.Equal((3, 3), (exit, checkedExit));
        Assert.All([errors, output], text =>
        {
            Assert.Contains("listen.api", text, StringComparison.Ordinal);
            Assert.Contains("TLS", text, StringComparison.Ordinal);
            Assert.Contains("127.0.0.1", text, StringComparison.Ordinal);
        });
    }

    /// <summary>As a person sees it and as a script does; nothing below the data folder is other than before.</summary>
    private static async Task RefusedAsync(TestSite site, string code, params string[] words)
    {
        var before = Files(site);
        var (exit, errors) = await site.StartInVainAsync(Cancel);
        Assert.Equal(3, exit);
        Assert.All(words, word => Assert.Contains(word, errors, StringComparison.Ordinal));
        await RefusedElsewhereAsync(site, code, words);
        Assert.Equal(before, Files(site));
    }

    private static async Task RefusedElsewhereAsync(TestSite site, string code, params string[] words)
    {
        var (exit, _, errors) = await TestSite.RunAsync(["serve", "--config", site.ConfigurationPath, "--json"], Cancel);
        Assert.Equal(3, exit);
        Assert.Contains($"\"code\":\"{code}\"", errors, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, errors, StringComparison.Ordinal));
    }

    private static List<string> Files(TestSite site) =>
    [
        .. Directory.EnumerateFiles(site.Data, "*", SearchOption.AllDirectories)
            .Where(path => !Path.GetFileName(path).StartsWith("isocatalog.", StringComparison.Ordinal) && Path.GetFileName(path) != "lock")
            .Order(StringComparer.Ordinal)
            .Select(path => $"{path} {Convert.ToHexString(File.ReadAllBytes(path))}"),
    ];
}
