using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Panel;

/// <summary>Everything that the token of a panel gets to read: fit for a panel's customers, alike by whichever word, and in their language.</summary>
public sealed partial class PanelWordsTests : IAsyncLifetime
{
    private const string Token = "panel-token-0123456789";
    private const string OfOperator = "operator-token-0123456789";

    private TestSite _site = null!;
    private ApiCaller _panel = null!;
    private ApiCaller _operator = null!;
    private IApplianceClient _local = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _site = await TestSite.StartAsync(Cancel, new TestSiteOptions
        {
            OpenOnLoopback = false,
            Extra = $$"""
                store: { floor: 1MiB }
                tokens:
                  - { name: panel, role: panel, sha256: "{{Hash(Token)}}" }
                  - { name: operator, role: operator, sha256: "{{Hash(OfOperator)}}" }
                """,
        });
        (_panel, _operator, _local) = (new ApiCaller(_site.Api, Token), new ApiCaller(_site.Api, OfOperator), ApplianceClient.OverSocket(_site.Socket));

        static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
    }

    public async ValueTask DisposeAsync()
    {
        _panel?.Dispose();
        _operator?.Dispose();
        _local?.Dispose();
        if (_site is not null)
        {
            await _site.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_removed_image_is_the_same_refusal_by_id_by_name_and_by_alias()
    {
        var image = await AddAsync("debian-12.iso", 1);
        await _local.SetAliasAsync("latest", new AliasRequest(image.Id.ToString()), Cancel);
        await _local.RemoveImageAsync(image.Id.ToString(), "old", Cancel);

        foreach (var word in new[] { image.Id.ToString(), "debian-12.iso", "Debian-12.ISO", "latest" })
        {
            foreach (var surface in new[] { "bmc", "console" })
            {
                var refused = await LeaseAsync(_panel, word, surface);
                refused.Refused(404, "not-found");
                Assert.Equal(image.Id.ToString(), refused.Json["image"]!.GetValue<string>());
                Assert.Contains("debian-12.iso", refused.Text, StringComparison.Ordinal);
                Assert.Contains("was removed", refused.Text, StringComparison.Ordinal);
                Plain(refused);
                Assert.Null(refused.Json["remedy"]);
                Assert.Contains("isocatalog ", (await LeaseAsync(_operator, word, surface)).Json["remedy"]!.GetValue<string>(), StringComparison.Ordinal);
            }
        }

        // What is known of it stays under its id; its name and its alias have nothing now.
        Assert.True((await _panel.GetAsync($"/api/v1/images/{image.Id}")).Json["deleted"]!.GetValue<bool>());
        foreach (var word in new[] { "debian-12.iso", "latest" })
        {
            var refused = await _panel.GetAsync($"/api/v1/images/{word}");
            refused.Refused(404, "not-found");
            Assert.Equal(image.Id.ToString(), refused.Json["image"]!.GetValue<string>());
            Plain(refused);
        }
    }

    [Fact]
    public async Task A_recalled_image_is_the_same_refusal_by_id_by_name_and_by_alias()
    {
        var image = await AddAsync("debian-12.iso", 1);
        await _local.SetAliasAsync("latest", new AliasRequest(image.Id.ToString()), Cancel);
        await _local.BlockImageAsync(image.Id.ToString(), new BlockRequest("a hole"), Cancel);

        foreach (var word in new[] { image.Id.ToString(), "debian-12.iso", "latest" })
        {
            var refused = await LeaseAsync(_panel, word, "bmc");
            refused.Refused(409, "not-ready");
            Assert.Equal((image.Id.ToString(), "debian-12.iso is recalled: a hole"), (refused.Json["image"]!.GetValue<string>(), refused.Json["detail"]!.GetValue<string>()));
            Plain(refused);
        }
    }

    [Fact]
    public async Task A_panel_reads_no_folder_no_command_and_no_type_while_an_operator_reads_what_to_do()
    {
        var image = await AddAsync("debian-12.iso", 1);
        await _local.SetAliasAsync("latest", new AliasRequest(image.Id.ToString()), Cancel);
        var other = await AddAsync("other.iso", 2);
        Directory.Move(_site.Console, _site.Console + ".away");
        await TestSite.EventuallyAsync(async () => (int)(await LeaseAsync(_panel, image.Id.ToString(), "console")).Status == 409, Cancel);
        await _local.SetAliasAsync("latest", new AliasRequest(other.Id.ToString()), Cancel);

        var refused = await LeaseAsync(_panel, image.Id.ToString(), "console");
        refused.Refused(409, "not-ready");
        Assert.Equal("debian-12.iso is not available on console: The folder of the surface is not there.", refused.Json["detail"]!.GetValue<string>());
        var told = (await LeaseAsync(_operator, image.Id.ToString(), "console")).Json;
        Assert.Contains(_site.Console, told["remedy"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains(_site.Console, (await _operator.GetAsync($"/api/v1/images/{image.Id}")).Text, StringComparison.Ordinal);
        Assert.Contains(_site.Console, (await _operator.GetAsync("/api/v1/events", ("Accept", "application/json"))).Text, StringComparison.Ordinal);

        var lease = (await LeaseAsync(_panel, image.Id.ToString(), "bmc")).Json["id"]!.GetValue<string>();
        foreach (var path in new[]
        {
            "images", $"images/{image.Id}", "images/debian-12.iso", "images/latest", "images/nothing.iso", $"images/sha256:{new string('0', 64)}", "images?limit=0", "images?after=x",
            "aliases", "aliases/latest", "aliases/nothing", "leases", $"leases/{lease}", "leases/nothing", "events", "nothing", "status", "jobs", "drift", "sites",
            "available?surface=bmc", "available", "available?surface=nowhere", "available?surface=bmc&site=nyc", "available?surface=bmc&cluster=x", "available?surface=bmc&bmc=x",
            "available?surface=bmc&boot=x", "available?surface=bmc&x=y", "available?surface=bmc&lang=x_y", $"available?surface=bmc&q={new string('x', 300)}",
        })
        {
            Plain(await _panel.GetAsync("/api/v1/" + path, ("Accept", "application/json")));
        }

        foreach (var body in new[]
        {
            """{"image":"nothing.iso","surface":"bmc","client":"127.0.0.1"}""", """{"image":"latest","surface":"nowhere","client":"127.0.0.1"}""",
            """{"image":"latest","surface":"bmc","client":"x"}""", """{"image":"latest","surface":"bmc","client":"127.0.0.1","ttl":1}""",
            """{"image":"latest","surface":"bmc","client":"127.0.0.1","ttl":"1"}""", """{"image":1}""", """{"x":1}""", "{", "",
        })
        {
            Plain(await _panel.JsonAsync(HttpMethod.Post, "/api/v1/leases", body));
            Plain(await _panel.JsonAsync(HttpMethod.Put, $"/api/v1/leases/{lease}", body));
        }

        foreach (var (method, path) in new[] { ("DELETE", "images/debian-12.iso"), ("PATCH", "images/debian-12.iso"), ("POST", "images"), ("PUT", "aliases/latest"), ("DELETE", "leases/nothing") })
        {
            Plain(await _panel.JsonAsync(new HttpMethod(method), "/api/v1/" + path, "{}"));
        }
    }

    [Fact]
    public async Task Titles_come_in_the_language_that_is_asked_for_and_in_no_other_way()
    {
        var one = await AddAsync("one.iso", 1);
        var two = await AddAsync("two.iso", 2);
        await PatchAsync(one, """{"titles":{"en":"A door","pt":"Uma porta","ru":"Яблоко"}}""");
        await PatchAsync(two, """{"titles":{"en":"B gate","ru":"Арка"}}""");

        var plain = await _panel.GetAsync("/api/v1/available?surface=bmc");
        Assert.Equal(["A door", "B gate"], Titles(plain));
        Assert.Null(plain.Json["lang"]);
        var asked = await _panel.GetAsync("/api/v1/available?surface=bmc", ("Accept-Language", "ru, pt;q=0.5"));
        Assert.Equal((plain["ETag"], plain.Text), (asked["ETag"], asked.Text));
        Assert.DoesNotContain("Accept-Language", asked["Vary"]!, StringComparison.OrdinalIgnoreCase);

        var portuguese = await _panel.GetAsync("/api/v1/available?surface=bmc&lang=pt-BR");
        Assert.Equal(["B gate", "Uma porta"], Titles(portuguese));
        Assert.Equal("pt-BR", portuguese.Json["lang"]!.GetValue<string>());
        Assert.Equal(["Арка", "Яблоко"], Titles(await _panel.GetAsync("/api/v1/available?surface=bmc&lang=RU")));
        Assert.Equal(["Яблоко"], Titles(await _panel.GetAsync("/api/v1/available?surface=bmc&lang=ru&q=%D1%8F%D0%B1%D0%BB")));
        var tags = new List<string>();
        foreach (var lang in new[] { "", "&lang=en", "&lang=de", "&lang=pt", "&lang=pt-BR", "&lang=ru" })
        {
            var answer = await _panel.GetAsync($"/api/v1/available?surface=bmc{lang}");
            tags.Add(answer["ETag"]!);
            Assert.Equal(304, (int)(await _panel.GetAsync($"/api/v1/available?surface=bmc{lang}", ("If-None-Match", answer["ETag"]!))).Status);
        }

        Assert.Equal(tags.Count, tags.Distinct().Count());

        // Another title in one language is another list in that one.
        var before = await _panel.GetAsync("/api/v1/available?surface=bmc&lang=ru");
        await PatchAsync(two, """{"titles":{"ru":"Юла"}}""");
        Assert.Equal(["Юла", "Яблоко"], Titles(await _panel.GetAsync("/api/v1/available?surface=bmc&lang=ru", ("If-None-Match", before["ETag"]!))));

        Assert.Equal("Uma porta", (await _panel.GetAsync($"/api/v1/images/{one.Id}?lang=pt-PT")).Json["title"]!.GetValue<string>());
        Assert.Equal("A door", (await _panel.GetAsync($"/api/v1/images/{one.Id}")).Json["title"]!.GetValue<string>());
        var page = await _panel.GetAsync("/api/v1/images?lang=ru&limit=1");
        Assert.Equal(["Яблоко"], Titles(page));
        var next = Next().Match(page["Link"]!).Groups["next"].Value;
        Assert.Equal(["Юла"], Titles(await _panel.GetAsync("/api/v1/images" + next)));
        using var typed = ApplianceClient.At(_site.Api, new ApplianceClientOptions { Token = Token });
        Assert.Equal(["B gate", "Uma porta"], (await typed.GetAvailableAsync(new AvailableRequest("bmc", Lang: "pt"), Cancel)).Images.Select(i => i.Title));
    }

    [Fact]
    public async Task An_order_counts_before_none_as_the_page_shows_it_and_an_owner_is_kept()
    {
        var first = await AddAsync("first.iso", 1);
        var second = await AddAsync("second.iso", 2);
        await AddAsync("a-third.iso", 3);
        await PatchAsync(first, """{"order":1,"title":"Z","owner":"customer 7"}""");
        await PatchAsync(second, """{"order":2,"title":"Y"}""");
        Assert.Equal(["first.iso", "second.iso", "a-third.iso"], (await _panel.GetAsync("/api/v1/available?surface=bmc")).Names);

        await PatchAsync(first, """{"group":"x"}""");
        var path = Path.Combine(_site.Root, "first.iso");
        await File.WriteAllBytesAsync(path, IsoBuilder.InMemory("TEST", 20_000, 9), Cancel);
        await using (var content = File.OpenRead(path))
        {
            await _local.UploadImageAsync(content, "first.iso", null, null, null, replace: true, null, Cancel);
        }

        await _site.StopAsync();
        await _site.StartAgainAsync(Cancel);
        using var after = ApplianceClient.OverSocket(_site.Socket);
        var replaced = await after.GetImageAsync("first.iso", Cancel);
        Assert.NotEqual(first.Id, replaced.Id);
        Assert.Equal(("customer 7", 1, "x"), (replaced.Meta.Owner, replaced.Meta.Order, replaced.Meta.Group));
    }

    private static IReadOnlyList<string> Titles(ApiAnswer answer) => [.. answer.Json["images"]!.AsArray().Select(i => i!["title"]!.GetValue<string>())];

    private async Task PatchAsync(ImageView image, string json) =>
        Assert.Equal(200, (int)(await _operator.JsonAsync(HttpMethod.Patch, $"/api/v1/images/{image.Id}", json)).Status);

    private static Task<ApiAnswer> LeaseAsync(ApiCaller caller, string image, string surface) =>
        caller.JsonAsync(HttpMethod.Post, "/api/v1/leases", $$"""{"image":"{{image}}","surface":"{{surface}}","client":"127.0.0.1","ttl":60}""");

    private async Task<ImageView> AddAsync(string name, int seed)
    {
        using var content = new MemoryStream(IsoBuilder.InMemory("TEST", 20_000, seed));
        var image = await _local.UploadImageAsync(content, name, null, null, null, Cancel);
        await TestSite.EventuallyAsync(
            async () => (await _panel.GetAsync("/api/v1/available?surface=console")).Names.Contains(name) && (await _panel.GetAsync("/api/v1/available?surface=bmc")).Names.Contains(name), Cancel);
        return image;
    }

    /// <summary>But for what is mounted, which is a path where a console mounts one.</summary>
    private void Plain(ApiAnswer answer)
    {
        Assert.DoesNotContain(_site.Root, Mount().Replace(answer.Text, ""), StringComparison.Ordinal);
        Assert.DoesNotMatch(OfOperators(), answer.Text);
        Assert.DoesNotMatch(BodyMemberTests.OfTheProgram(), answer.Text);
    }

    [GeneratedRegex("isocatalog [a-z]|PATCH /|/api/v1/(status|drift|images|jobs)|\"remedy\"", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex OfOperators();

    [GeneratedRegex("\"mount\":\\{[^{}]*(\\{[^{}]*\\})?[^{}]*\\}", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Mount();

    [GeneratedRegex("<(?<next>[^>]+)>", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Next();
}
