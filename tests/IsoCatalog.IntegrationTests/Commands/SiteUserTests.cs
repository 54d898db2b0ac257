using System.Text.Json;
using IsoCatalog.IntegrationTests.Scenarios;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Commands;

/// <summary>root checks the configuration of a site that runs as somebody else: what counts is what that one may do.</summary>
public sealed class SiteUserTests
{
    private const string Nobody = "65534";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_sites_user_may_not_use_is_a_mistake_and_so_at_the_start()
    {
        await using var site = await PrepareAsync();
        var closed = Path.Combine(site.Root, "closed");
        Directory.CreateDirectory(closed);
        await OfAsync(Nobody, closed);
        await site.ConfigureAsync("surfaces:", $"socket: {closed}/isocatalog.sock\nsurfaces:");
        string[] used =
        [
            "data/keys/site-sign.pem", "data/keys/url-secret", "data/keys/site-tls.pem", "data/keys", "data/isocatalog.db", "data/lock", "data/catalog", "data", "key.pem", "certificate.pem",
            "closed", "site.yaml",
        ];
        foreach (var path in used.Select(u => Path.Combine(site.Root, u)))
        {
            var mode = File.GetUnixFileMode(path);
            await OfRootAsync(path);
            var check = await Isocatalog.RunAsync("check-config", site.ConfigurationPath);
            Assert.True(check.ExitCode == 3, $"{path}: {check.Output}{check.Error}");
            Assert.Contains(path, check.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("is valid", check.Output, StringComparison.Ordinal);

            // The very same at the start.
            var start = await Counterpart.RunAsync(
                Counterpart.Require("setpriv"), ["--reuid=" + Nobody, "--regid=" + Nobody, "--clear-groups", "dotnet", Isocatalog.Assembly, "serve", "--config", site.ConfigurationPath], Cancel);
            Assert.True(start.ExitCode == 3, $"{path}: {start.Output}{start.Error}");
            await OfAsync(Nobody, path);
            File.SetUnixFileMode(path, mode);
        }
    }

    [Fact]
    public async Task What_the_sites_user_may_use_is_valid_though_root_asks_and_it_is_said_who_was_asked_for()
    {
        await using var site = await PrepareAsync();
        await OfAsync(Nobody, site.Root);
        var check = await Isocatalog.RunAsync("check-config", site.ConfigurationPath);
        Assert.Equal((0, ""), (check.ExitCode, check.Error));
        Assert.EndsWith($"Checked as the user nobody.\n{site.ConfigurationPath} is valid.\n", check.Output, StringComparison.Ordinal);

        var json = await Isocatalog.RunAsync("check-config", site.ConfigurationPath, "--json");
        using var said = JsonDocument.Parse(json.Output);
        Assert.Equal(("nobody", true), (said.RootElement.GetProperty("user").GetString(), said.RootElement.GetProperty("valid").GetBoolean()));
        var quiet = await Isocatalog.RunAsync("check-config", site.ConfigurationPath, "--quiet");
        Assert.Equal((0, "", ""), (quiet.ExitCode, quiet.Output, quiet.Error));
    }

    [Fact]
    public async Task A_user_that_is_named_is_asked_for_before_there_is_a_data_folder()
    {
        await using var site = await PrepareAsync();
        Directory.Delete(site.Data, recursive: true);
        await OfRootAsync(Path.Combine(site.Root, "key.pem"));
        Assert.Contains("--user", (await Isocatalog.RunAsync("check-config", site.ConfigurationPath)).Output, StringComparison.Ordinal);
        var named = await Isocatalog.RunAsync("check-config", site.ConfigurationPath, "--user", "nobody");
        Assert.Equal(3, named.ExitCode);
        Assert.Contains("key.pem", named.Output, StringComparison.Ordinal);
        var unknown = await Isocatalog.RunAsync("check-config", site.ConfigurationPath, "--user", "no-such-user");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("no-such-user", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_volume_that_the_sites_user_cannot_write_to_and_a_port_that_takes_a_capability_are_warned_of()
    {
        await using var site = await PrepareAsync();
        await site.ConfigureAsync("iso: \"127.0.0.1:0\"", "iso: \"127.0.0.1:80\"");
        await OfRootAsync(site.Console);
        var check = await Isocatalog.RunAsync("check-config", site.ConfigurationPath);
        Assert.Equal(0, check.ExitCode);
        Assert.Contains($"warning: {site.ConfigurationPath}:", check.Output, StringComparison.Ordinal);
        Assert.Contains($"cannot write to {site.Console}", check.Output, StringComparison.Ordinal);
        Assert.Contains("port 80 needs the capability CAP_NET_BIND_SERVICE", check.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_the_sites_user_may_not_even_look_for_is_sent_instead()
    {
        await using var site = await PrepareAsync();
        var folder = Path.Combine(site.Root, "home");
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var file = Path.Combine(folder, "debian-12.iso");
        await File.WriteAllBytesAsync(file, IsoBuilder.InMemory("DEBIAN", 1 << 20, 1), Cancel);
        await site.StartAgainAsync(Cancel, [Counterpart.Require("setpriv"), "--reuid=" + Nobody, "--regid=" + Nobody, "--clear-groups"]);
        var added = await Isocatalog.RunAsync("add", file, "--no-wait", "--config", site.ConfigurationPath);
        Assert.True(added.ExitCode == 0, added.Error);
        Assert.Contains("debian-12.iso", (await Isocatalog.RunAsync("ls", "--config", site.ConfigurationPath)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_return_to_a_copy_makes_a_database_that_belongs_to_the_sites_user()
    {
        await using var site = await PrepareAsync();
        File.Copy(Path.Combine(site.Data, "isocatalog.db"), Path.Combine(site.Data, "isocatalog.db.6"));
        await OfAsync(Nobody, site.Root);
        var returned = await Isocatalog.RunAsync("database", "return", "--config", site.ConfigurationPath);
        Assert.True(returned.ExitCode == 0, returned.Error);
        var owner = await Counterpart.RunAsync("stat", ["-c", "%u %a", Path.Combine(site.Data, "isocatalog.db")], Cancel);
        Assert.Equal($"{Nobody} 600", owner.Succeeded().Trim());
    }

    /// <summary>A whole site of nobody's, with a certificate; all of it belongs to nobody.</summary>
    private static async Task<TestSite> PrepareAsync()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Becoming another user needs root.");
        var site = await Scenario.PrepareAsync();
        var (certificate, key) = (Path.Combine(site.Root, "certificate.pem"), Path.Combine(site.Root, "key.pem"));
        (await Counterpart.RunAsync(
            Counterpart.Require("openssl"),
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate],
            Cancel)).Succeeded();
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await site.ConfigureAsync("surfaces:", $"tls: {{ api: {{ certificate: {certificate}, key: {key} }} }}\nsurfaces:");

        // Run once, so that all of its folders are there.
        await site.StartAgainAsync(Cancel);
        await site.StopAsync();
        await OfAsync(Nobody, site.Root);
        return site;
    }

    private static async Task OfRootAsync(string path)
    {
        (await Counterpart.RunAsync("chown", ["0:0", path], Cancel)).Succeeded();
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) & (UnixFileMode)0b111_000_000);
    }

    private static async Task OfAsync(string user, string path) => (await Counterpart.RunAsync("chown", ["-R", $"{user}:{user}", path], Cancel)).Succeeded();
}
