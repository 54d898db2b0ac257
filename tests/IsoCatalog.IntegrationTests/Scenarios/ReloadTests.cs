using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.IntegrationTests.Commands;
using IsoCatalog.IntegrationTests.Ipmi;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>A changed configuration, or a changed certificate, is taken while the site runs; what cannot be is named; nobody who reads notices.</summary>
public sealed class ReloadTests
{
    private const int Large = 48 << 20;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The whole chain: SIGHUP, a real reader in mid-image on each listener, tokens, networks, places and certificates that change under them.</summary>
    [Fact]
    public async Task Readers_in_the_middle_of_an_image_do_not_notice_any_number_of_reloads()
    {
        await using var site = await PrepareAsync(TestSiteOptions.InOwnProcess with { Extra = $"store: {{ floor: 1MiB }}\n{TokenLine("first", "admin")}" });
        var bytes = IsoBuilder.InMemory("LONG", Large, 1);
        await site.AddAsync(site.Write("long.iso", bytes), Cancel);
        var urls = (await site.Client.GetAvailableAsync(new AvailableRequest("bmc"), Cancel)).Images[0].Mount.Urls!;
        var before = await ShownAsync(urls.Https!);
        var readers = new[] { urls.Http!, urls.Https! }.Select((url, i) => Counterpart.RunAsync(
            "curl", ["-sS", "--fail", "--insecure", "--limit-rate", "16M", "-o", Path.Combine(site.Root, $"read-{i}"), url], Cancel)).ToList();
        await TestSite.EventuallyAsync(
            () => Task.FromResult(Enumerable.Range(0, 2).All(i => new FileInfo(Path.Combine(site.Root, $"read-{i}")) is { Exists: true, Length: > 100_000 })), Cancel);

        var reloads = 0;
        while (!readers.TrueForAll(reader => reader.IsCompleted) || reloads < 4)
        {
            reloads++;
            var text = await File.ReadAllTextAsync(site.ConfigurationPath, Cancel);
            var lines = text.Split('\n').Where(line => !line.StartsWith("tokens:", StringComparison.Ordinal) && !line.StartsWith("scrub:", StringComparison.Ordinal))
                .Select(line => line.Contains("kind: ipmi", StringComparison.Ordinal)
                    ? $"  - {{ name: bmc, kind: ipmi, allow: [\"127.0.0.0/8\", \"10.0.0.{reloads % 200}/32\"] }}"
                    : line)
                .Append(TokenLine($"round-{reloads}", "admin")).Append($"scrub: {{ rate: {reloads}MB/s }}");
            await ReplaceAsync(site.ConfigurationPath, string.Join('\n', lines));
            WriteCertificate(site, "iso");
            await HangUpAsync(site);
            await TestSite.EventuallyAsync(() => TakesAsync(site, $"round-{reloads}"), Cancel);
        }

        foreach (var (reader, i) in readers.Select((reader, i) => (reader, i)))
        {
            (await reader).Succeeded();
            Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(site.Root, $"read-{i}"), Cancel));
        }

        Assert.NotEqual(before, await ShownAsync(urls.Https!));
        Assert.False(await TakesAsync(site, "first"));
        Assert.DoesNotContain((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code is "restart-needed" or "configuration-refused" or "certificate-refused");
    }

    [Fact]
    public async Task A_token_that_is_taken_away_works_no_more_and_ends_what_was_asked_with_it()
    {
        await using var site = await PrepareAsync(new TestSiteOptions { Extra = $"store: {{ floor: 1MiB }}\n{TokenLine("panel", "panel")}" });
        using var with = new ApiCaller(site.Api, TokenOf("panel"));
        using var events = await with.OpenAsync(new HttpRequestMessage(HttpMethod.Get, "/api/v1/events"));
        await using var stream = await events.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(Cancel);
        var line = new byte[64];
        Assert.True(await stream.ReadAsync(line, Cancel) > 0);
        using var other = await new ApiCaller(site.Api).OpenAsync(new HttpRequestMessage(HttpMethod.Get, "/api/v1/events"));
        await using var others = await other.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(Cancel);
        Assert.True(await others.ReadAsync(line, Cancel) > 0);

        // It stays while something else changes, and while it is still there.
        await site.ConfigureAsync(TokenLine("panel", "panel"), TokenLine("panel", "panel").Replace(" ]", $", {Token("second", "panel")} ]", StringComparison.Ordinal));
        Assert.Equal(["tokens"], (await ReloadAsync(site)).Taken);
        Assert.Equal(200, (int)(await with.GetAsync("/api/v1/available?surface=bmc")).Status);
        await site.AddAsync(site.Write("news.iso", IsoBuilder.InMemory("NEWS", 60_000, 9)), Cancel);
        await TestSite.EventuallyAsync(async () => (await stream.ReadAsync(line, Cancel)) > 0, Cancel);

        await site.ConfigureAsync(Token("panel", "panel") + ", ", "");
        Assert.Equal(["tokens"], (await ReloadAsync(site)).Taken);

        Assert.Equal(401, (int)(await with.GetAsync("/api/v1/available?surface=bmc")).Status);
        await EndsAsync(stream);
        using var second = new ApiCaller(site.Api, TokenOf("second"));
        Assert.Equal(200, (int)(await second.GetAsync("/api/v1/available?surface=bmc")).Status);
        Assert.True(await others.ReadAsync(line, Cancel) > 0, "Who needs no token was cut too.");

        // A role that does not suffice any more, and an address that it may not be used from, end it as well.
        await site.ConfigureAsync(Token("second", "panel"), Token("second", "panel").Replace(" }", ", allow: [\"10.0.0.0/8\"] }", StringComparison.Ordinal));
        await ReloadAsync(site);
        Assert.Equal(403, (int)(await second.GetAsync("/api/v1/available?surface=bmc")).Status);
    }

    [Theory]
    [InlineData("moved over it")]
    [InlineData("the link to it is changed, as certbot does")]
    [InlineData("the link to its folder is changed, as Kubernetes does")]
    [InlineData("written in place")]
    public async Task A_changed_certificate_is_shown_from_the_next_handshake_on_without_being_asked_for(string how)
    {
        await using var site = await PrepareAsync(new TestSiteOptions(), linked: how.Contains("link", StringComparison.Ordinal));
        using var witness = new Witness(site);
        var url = await HttpsAsync(site);
        var before = await ShownAsync(url);
        using var open = await HandshakeAsync(url);

        var next = Directory.CreateDirectory(Path.Combine(site.Root, "next")).FullName;
        WriteCertificate(site, "iso", next);
        switch (how)
        {
            case "moved over it":
                File.Move(Path.Combine(next, "iso.key"), Path.Combine(site.Root, "iso.key"), overwrite: true);
                File.Move(Path.Combine(next, "iso.crt"), Path.Combine(site.Root, "iso.crt"), overwrite: true);
                break;
            case "written in place":
                await File.WriteAllBytesAsync(Path.Combine(site.Root, "iso.key"), await File.ReadAllBytesAsync(Path.Combine(next, "iso.key"), Cancel), Cancel);
                await File.WriteAllBytesAsync(Path.Combine(site.Root, "iso.crt"), await File.ReadAllBytesAsync(Path.Combine(next, "iso.crt"), Cancel), Cancel);
                break;
            case "the link to its folder is changed, as Kubernetes does":
                await RelinkAsync(Path.Combine(site.Root, "..data"), next);
                break;
            default:
                await RelinkAsync(Path.Combine(site.Root, "iso.key"), Path.Combine(next, "iso.key"));
                await RelinkAsync(Path.Combine(site.Root, "iso.crt"), Path.Combine(next, "iso.crt"));
                break;
        }

        await TestSite.EventuallyAsync(async () => await ShownAsync(url) != before, Cancel, seconds: 60);

        // Who was connected goes on.
        await open.WriteAsync("HEAD /nothing HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(), Cancel);
        Assert.True(await open.ReadAsync(new byte[100], Cancel) > 0);
        Assert.Contains(await witness.EventsAsync(), e => e.Type == "configuration");
        var ends = await witness.MetricAsync("isocatalog_certificate_expires_seconds{listener=\"iso\"}");
        Assert.True(ends > 0);
    }

    [Fact]
    public async Task A_certificate_that_does_not_fit_its_key_is_not_taken_and_is_drift_until_it_does()
    {
        await using var site = await PrepareAsync(new TestSiteOptions());
        using var witness = new Witness(site);
        var url = await HttpsAsync(site);
        var before = await ShownAsync(url);
        var right = await File.ReadAllTextAsync(Path.Combine(site.Root, "iso.key"), Cancel);

        using (var other = ECDsa.Create(ECCurve.NamedCurves.nistP256))
        {
            await File.WriteAllTextAsync(Path.Combine(site.Root, "iso.key"), other.ExportPkcs8PrivateKeyPem(), Cancel);
        }

        var drift = await witness.DriftAsync("certificate-refused");
        Assert.Contains("tls.iso", drift.Reason, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(site.Root, "iso.key"), drift.Reason, StringComparison.Ordinal);
        Assert.Equal(before, await ShownAsync(url));
        var refused = await Assert.ThrowsAsync<ApplianceException>(() => ReloadAsync(site));
        refused.Problem.Says("configuration-refused", "tls.iso", "iso.key");

        await File.WriteAllTextAsync(Path.Combine(site.Root, "iso.key"), right, Cancel);
        await TestSite.EventuallyAsync(async () => (await site.Client.GetDriftAsync(Cancel)).Drift.All(d => d.Code != "certificate-refused"), Cancel);
        await ReloadAsync(site);
        Assert.DoesNotContain((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == "configuration-refused");
    }

    [Theory]
    [InlineData("store: {", "stores: {", "stores")]
    [InlineData("site: ams", "site: AMS", "site")]
    [InlineData("site: ams", "site: [", "")]
    public async Task A_file_with_a_mistake_changes_nothing_and_stands_in_drift_with_its_line_until_it_is_mended(string right, string wrong, string key)
    {
        await using var site = await PrepareAsync(new TestSiteOptions { Extra = $"store: {{ floor: 1MiB }}\n{TokenLine("one", "panel")}" });
        using var witness = new Witness(site);
        await site.ConfigureAsync(Token("one", "panel"), Token("two", "panel"));
        await site.ConfigureAsync(right, wrong);

        var told = await Isocatalog.RunAsync("reload", "--socket", site.Socket);

        Assert.Equal(3, told.ExitCode);
        Assert.Matches($@"site\.yaml:\d+:\d+: {(key.Length > 0 ? key + ": " : "")}", told.Error);
        Assert.Contains("Nothing was changed", told.Error, StringComparison.Ordinal);
        Assert.True(await TakesAsync(site, "one"));
        Assert.False(await TakesAsync(site, "two"));
        Assert.Matches(@"site\.yaml:\d+:\d+: ", (await witness.DriftAsync("configuration-refused")).Reason);

        await site.ConfigureAsync(wrong, right);
        var json = await Isocatalog.RunAsync("reload", "--json", "--config", site.ConfigurationPath);
        Assert.Equal((0, ""), (json.ExitCode, json.Error));
        Assert.Contains("\"taken\":[\"tokens\"]", json.Output, StringComparison.Ordinal);
        Assert.True(await TakesAsync(site, "two"));
        Assert.DoesNotContain((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == "configuration-refused");
    }

    [Fact]
    public async Task What_needs_a_restart_is_named_with_its_place_while_the_rest_is_taken()
    {
        await using var site = await PrepareAsync(new TestSiteOptions());
        using var witness = new Witness(site);
        await site.ConfigureAsync("store: { floor: 1MiB }", "store: { floor: 2MiB }\noffer: asap\nlog: { level: debug, format: json }");

        var answer = await ReloadAsync(site);

        Assert.Equal(["store.floor", "log.level"], answer.Taken);
        Assert.Equal(["offer", "log.format"], answer.NeedRestart.Select(change => change.Key));
        Assert.All(answer.NeedRestart, change => Assert.True(change.Line > 1 && change.Column > 0));
        Assert.Equal(2 << 20, await witness.MetricAsync("isocatalog_store_floor_bytes"));
        var drift = await witness.DriftAsync("restart-needed");
        Assert.Contains("offer", drift.Reason, StringComparison.Ordinal);
        Assert.Contains("log.format", drift.Reason, StringComparison.Ordinal);

        // Named again as long as it waits, and no more once it was taken back.
        Assert.Equal(2, (await ReloadAsync(site)).NeedRestart.Count);
        var told = await Isocatalog.RunAsync("reload", "--config", site.ConfigurationPath);
        Assert.Contains(": offer: ", told.Output, StringComparison.Ordinal);
        Assert.Contains("systemctl restart isocatalog", told.Output, StringComparison.Ordinal);
        await site.ConfigureAsync("\noffer: asap\nlog: { level: debug, format: json }", "");
        Assert.Equal(["log.level"], (await ReloadAsync(site)).Taken);
        Assert.DoesNotContain((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == "restart-needed");
    }

    [Fact]
    public async Task Who_is_not_in_allow_any_more_is_cut_and_everybody_else_reads_on()
    {
        await using var site = await PrepareAsync(new TestSiteOptions());
        var bytes = IsoBuilder.InMemory("LONG", Large, 1);
        var image = await site.AddAsync(site.Write("long.iso", bytes), Cancel);
        var url = new Uri((await site.Client.GetAvailableAsync(new AvailableRequest("bmc"), Cancel)).Images[0].Mount.Url!);
        var server = IPEndPoint.Parse(url.Authority);
        using var stays = await ReaderAsync("127.0.0.5");
        using var goes = await ReaderAsync("127.0.0.6");

        await site.ConfigureAsync("allow: [\"127.0.0.0/8\"]", "allow: [\"127.0.0.5/32\", \"127.0.0.1/32\"]");
        Assert.Equal(["surfaces[0].allow"], (await ReloadAsync(site)).Taken);

        Assert.InRange((await goes.ReadToEndAsync()).Length, 0, Large - 1_000_000);
        Assert.InRange((await stays.ReadToEndAsync()).Length, Large - 200_000, int.MaxValue);
        Assert.Equal(404, (await RawClient.AskAsync(server, RawClient.Head(url.AbsolutePath), "127.0.0.6")).Status);
        Assert.Equal(200, (await RawClient.AskAsync(server, RawClient.Head(url.AbsolutePath), "127.0.0.5")).Status);

        // Without allow there is no standing URL, and with it there is one again: the same.
        await site.ConfigureAsync(", allow: [\"127.0.0.5/32\", \"127.0.0.1/32\"]", "");
        await ReloadAsync(site);
        Assert.Equal(404, (await RawClient.AskAsync(server, RawClient.Head(url.AbsolutePath), "127.0.0.5")).Status);
        Assert.Empty((await site.Client.GetAvailableAsync(new AvailableRequest("bmc"), Cancel)).Images);
        await site.ConfigureAsync("kind: ipmi", "kind: ipmi, allow: [\"127.0.0.6/32\"]");
        await ReloadAsync(site);
        await TestSite.EventuallyAsync(async () => (await RawClient.AskAsync(server, RawClient.Head(url.AbsolutePath), "127.0.0.6")).Status == 200, Cancel);
        await TestSite.EventuallyAsync(
            async () => (await site.Client.GetAvailableAsync(new AvailableRequest("bmc"), Cancel)).Images is [{ Mount.Url: { } again }] && again == url.ToString(), Cancel);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));

        async Task<RawClient> ReaderAsync(string from)
        {
            var reader = await RawClient.ConnectAsync(server, from, receiveBuffer: 64 * 1024);
            await reader.SendAsync(RawClient.Get(url.AbsolutePath, "Connection: close"));
            await reader.ReceiveAsync(50_000);
            return reader;
        }
    }

    /// <summary>A signal that comes too early would end the process; it is followed once the site is up.</summary>
    [Fact]
    public async Task A_hang_up_ends_no_site_and_takes_the_level_of_the_log()
    {
        await using var site = await PrepareAsync(TestSiteOptions.InOwnProcess with { Extra = $"store: {{ floor: 1MiB }}\n{TokenLine("one", "panel")}" });
        await site.ConfigureAsync(Token("one", "panel"), Token("two", "panel"));
        await site.ConfigureAsync("store: {", "log: { level: error }\nstore: {");
        await HangUpAsync(site);
        await TestSite.EventuallyAsync(() => TakesAsync(site, "two"), Cancel);
        await HangUpAsync(site);
        await ReplaceAsync(site.ConfigurationPath, "site: [");
        await HangUpAsync(site);
        using var witness = new Witness(site);
        await witness.DriftAsync("configuration-refused");

        var log = await site.StopAsync();

        Assert.Equal(1, log.Split("Read ").Length - 1);
        Assert.Contains("The changed configuration is not taken", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_intermediates_that_stand_behind_a_certificate_are_sent_along()
    {
        await using var site = await PrepareAsync(new TestSiteOptions());
        var url = await HttpsAsync(site);
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var middleKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var from = Witness.Now.AddHours(-1);
        using var root = Authority("CN=Root", rootKey).CreateSelfSigned(from, from.AddDays(9));
        using var middle = Authority("CN=Middle", middleKey).Create(root, from, from.AddDays(8), [1, 2, 3]).CopyWithPrivateKey(middleKey);
        using var leaf = new CertificateRequest("CN=Leaf", key, HashAlgorithmName.SHA256).Create(middle, from, from.AddDays(7), [4, 5, 6]);
        await File.WriteAllTextAsync(Path.Combine(site.Root, "iso.crt"), leaf.ExportCertificatePem() + "\n" + middle.ExportCertificatePem() + "\n", Cancel);
        await File.WriteAllTextAsync(Path.Combine(site.Root, "iso.key"), key.ExportPkcs8PrivateKeyPem(), Cancel);
        await ReloadAsync(site);

        var sent = new List<string>();
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPEndPoint.Parse(new Uri(url).Authority), Cancel);
        await using var stream = new SslStream(new NetworkStream(socket, ownsSocket: true), false, (_, shown, chain, _) =>
        {
            sent.AddRange(chain!.ChainPolicy.ExtraStore.Select(certificate => certificate.Subject).Append(shown!.Subject));
            return true;
        });
        await stream.AuthenticateAsClientAsync("127.0.0.1");

        Assert.Contains("CN=Leaf", sent);
        Assert.Contains("CN=Middle", sent);

        static CertificateRequest Authority(string name, ECDsa key)
        {
            var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            return request;
        }
    }

    private static string TokenOf(string name) => $"the-token-of-{name}-0123456789";

    private static string Token(string name, string role) =>
        $$"""{ name: {{name}}, role: {{role}}, sha256: "{{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(TokenOf(name))))}}" }""";

    private static string TokenLine(string name, string role) => $"tokens: [ {Token(name, role)} ]";

    private static async Task<bool> TakesAsync(TestSite site, string name)
    {
        using var caller = new ApiCaller(site.Api, TokenOf(name));
        return (int)(await caller.GetAsync("/api/v1/available?surface=bmc")).Status == 200;
    }

    private static async Task<ReloadView> ReloadAsync(TestSite site)
    {
        using var client = ApplianceClient.OverSocket(site.Socket);
        return await client.ReloadAsync(Cancel);
    }

    private static async Task HangUpAsync(TestSite site) =>
        (await Counterpart.RunAsync("/bin/kill", ["-HUP", site.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture)], Cancel)).Succeeded();

    private static async Task ReplaceAsync(string path, string text)
    {
        await File.WriteAllTextAsync(path + ".new", text, Cancel);
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>A site that speaks TLS to BMCs too, whose certificate lies in the site's folder; linked as Kubernetes and certbot have it.</summary>
    private static async Task<TestSite> PrepareAsync(TestSiteOptions options, bool linked = false)
    {
        var site = await Scenario.PrepareAsync(options);
        if (linked)
        {
            var first = Directory.CreateDirectory(Path.Combine(site.Root, "first")).FullName;
            WriteCertificate(site, "iso", first);
            File.CreateSymbolicLink(Path.Combine(site.Root, "..data"), first);
            File.CreateSymbolicLink(Path.Combine(site.Root, "iso.crt"), "..data/iso.crt");
            File.CreateSymbolicLink(Path.Combine(site.Root, "iso.key"), "..data/iso.key");
        }
        else
        {
            WriteCertificate(site, "iso");
        }

        await site.ConfigureAsync("iso: \"127.0.0.1:0\"", "iso: \"127.0.0.1:0\", isoTls: \"127.0.0.1:0\"");
        await site.ConfigureAsync(
            "store: {", $"tls: {{ iso: {{ certificate: \"{Path.Combine(site.Root, "iso.crt")}\", key: \"{Path.Combine(site.Root, "iso.key")}\" }} }}\nstore: {{");
        await site.StartAgainAsync(Cancel);
        return site;
    }

    private static void WriteCertificate(TestSite site, string name, string? folder = null)
    {
        folder ??= site.Root;
        var (_, certificate) = TestAuthority.Create();
        foreach (var (file, text) in new[] { (".key", certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()), (".crt", certificate.ExportCertificatePem()) })
        {
            var path = Path.Combine(folder, name + file);
            File.WriteAllText(path + ".new", text);
            File.SetUnixFileMode(path + ".new", UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.Move(path + ".new", path, overwrite: true);
        }
    }

    private static async Task RelinkAsync(string link, string target)
    {
        File.CreateSymbolicLink(link + ".new", target);
        (await Counterpart.RunAsync("/bin/mv", ["-fT", link + ".new", link], Cancel)).Succeeded();
    }

    private static async Task<string> HttpsAsync(TestSite site)
    {
        await site.AddAsync(site.Write("small.iso", IsoBuilder.InMemory("SMALL", 100_000, 3)), Cancel);
        return (await site.Client.GetAvailableAsync(new AvailableRequest("bmc"), Cancel)).Images[0].Mount.Urls!.Https!;
    }

    private static async Task<SslStream> HandshakeAsync(string url)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPEndPoint.Parse(new Uri(url).Authority), Cancel);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true), false, static (_, shown, _, _) => shown is not null);
        await stream.AuthenticateAsClientAsync("127.0.0.1");
        return stream;
    }

    private static async Task<string> ShownAsync(string url)
    {
        await using var stream = await HandshakeAsync(url);
        return stream.RemoteCertificate!.GetSerialNumberString();
    }

    private static async Task EndsAsync(Stream stream)
    {
        try
        {
            while (await stream.ReadAsync(new byte[4096], Cancel) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Cut instead of closed.
        }
    }
}
