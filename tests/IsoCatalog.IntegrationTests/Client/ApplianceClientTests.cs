using System.Text;
using IsoCatalog.Client;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace IsoCatalog.IntegrationTests.Client;

public sealed class ApplianceClientTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("<?limit=1000&after={0}>; rel=\"next\"")]
    [InlineData("<https://other.example.com/x?after={0}&limit=7>; rel=next")]
    [InlineData("</first>; rel=\"prev\", </api/v1/images?after={0}>; rel=\"next\"")]
    public async Task A_list_in_pages_is_followed_to_its_end_at_the_site_that_was_asked(string link)
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/images", async http =>
        {
            var page = http.Request.Query["after"].ToString() switch { "" => 0, var after => int.Parse(after[2..]) };
            if (page < 3)
            {
                http.Response.Headers.Link = link.Replace("{0}", $"p-{page + 1}", StringComparison.Ordinal);
            }

            // One came again under another name.
            await http.Response.WriteAsJsonAsync(new ImageList([Samples.Image($"{page}a"), Samples.Image("ff")]), ApiJson.Default.ImageList, cancellationToken: Token);
        });
        using var client = site.Client();

        Assert.Equal(["0a", "ff", "1a", "2a", "3a"], (await client.GetImagesAsync(Token)).Images.Select(i => i.Id.Sha256.ToString()[..2]));
        Assert.Equal(["", "&after=p-1", "&after=p-2", "&after=p-3"], site.Requests.Select(r => r.Target.Split("limit=1000")[1]));
        Assert.Equal("p-1", (await client.GetImagePageAsync(2, null, Token)).Next);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_list_whose_pages_do_not_end_is_given_up(bool empty)
    {
        var number = 0;
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/images", async http =>
        {
            http.Response.Headers.Link = $"<?after={(empty ? ++number : 1)}>; rel=\"next\"";
            await http.Response.WriteAsJsonAsync(new ImageList(empty ? [] : [Samples.Image()]), ApiJson.Default.ImageList, cancellationToken: Token);
        });
        using var client = site.Client();

        var endless = await Assert.ThrowsAsync<ApplianceException>(() => client.GetImagesAsync(Token));
        Assert.Equal("answer-too-long", endless.Problem.Code);
        Assert.InRange(site.Requests.Count, 2, 3);
    }

    [Fact]
    public async Task Every_route_is_asked_as_the_interface_says()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/available", Samples.Available("debian.iso"), ApiJson.Default.AvailableAnswer)
            .On("GET /api/v1/images", new ImageList([Samples.Image()]), ApiJson.Default.ImageList)
            .On("GET /api/v1/images/debian.iso", Samples.Image(), ApiJson.Default.ImageView)
            .On("POST /api/v1/images", Samples.Job("running"), ApiJson.Default.JobView, 202)
            .On("DELETE /api/v1/images/debian.iso", Samples.Image(), ApiJson.Default.ImageView, 202)
            .On("POST /api/v1/images/debian.iso/restore", Samples.Image(), ApiJson.Default.ImageView, 202)
            .On("PATCH /api/v1/images/debian.iso", Samples.Image(), ApiJson.Default.ImageView)
            .On("POST /api/v1/leases", Samples.Lease(), ApiJson.Default.LeaseView, 201)
            .On("GET /api/v1/leases", new LeaseList([Samples.Lease()]), ApiJson.Default.LeaseList)
            .On("GET /api/v1/leases/lease1", Samples.Lease(), ApiJson.Default.LeaseView)
            .On("PUT /api/v1/leases/lease1", Samples.Lease(), ApiJson.Default.LeaseView)
            .On("DELETE /api/v1/leases/lease1", http => { http.Response.StatusCode = 204; return Task.CompletedTask; })
            .On("GET /api/v1/drift", new DriftList("ams", Samples.Then, []), ApiJson.Default.DriftList)
            .On("GET /api/v1/jobs", new JobList([Samples.Job("running")]), ApiJson.Default.JobList)
            .On("GET /api/v1/jobs/job1", Samples.Job("done"), ApiJson.Default.JobView)
            .On("GET /api/v1/retired", new RetiredList([]), ApiJson.Default.RetiredList)
            .On("GET /api/v1/status", Samples.Status(), ApiJson.Default.StatusView);
        using var client = site.Client();

        Assert.Equal("debian.iso", Assert.Single((await client.GetAvailableAsync(
            new AvailableRequest("console", "ams", "linux", "x86_64", "uefi", "live", "stable", "a&b=c"), Token)).Images).Name);
        Assert.Equal(Samples.Id("abcdef"), Assert.Single((await client.GetImagesAsync(Token)).Images).Id);
        Assert.Equal("DEBIAN_12", (await client.GetImageAsync("debian.iso", Token)).Iso.VolumeId);
        Assert.Equal("job1", (await client.AddImageAsync(new AddRequest(Path: "/isos/debian.iso", Title: "Debian"), Token)).Id);
        await client.RemoveImageAsync("debian.iso", "end of life", Token);
        await client.RestoreImageAsync("debian.iso", Token);
        await client.ChangeImageAsync("debian.iso", new ImagePatch(Hidden: true), Token);
        Assert.Equal("lease1", (await client.TakeLeaseAsync(new LeaseRequest("debian.iso", "bmc", "10.0.0.7", 60), Token)).Id);
        Assert.Single((await client.GetLeasesAsync(Token)).Leases);
        await client.GetLeaseAsync("lease1", Token);
        await client.RenewLeaseAsync("lease1", new LeaseRenewal(120), Token);
        await client.EndLeaseAsync("lease1", Token);
        Assert.Empty((await client.GetDriftAsync(Token)).Drift);
        Assert.Single((await client.GetJobsAsync(Token)).Jobs);
        Assert.Equal("done", (await client.GetJobAsync("job1", Token)).State);
        Assert.Empty((await client.GetRetiredAsync(Token)).Retired);
        Assert.Equal("ams", (await client.GetStatusAsync(Token)).Site);

        Assert.Equal(
            [
                "GET /api/v1/available?surface=console&site=ams&os=linux&arch=x86_64&boot=uefi&kind=live&tag=stable&q=a%26b%3Dc",
                "GET /api/v1/images?limit=1000",
                "GET /api/v1/images/debian.iso",
                "POST /api/v1/images",
                "DELETE /api/v1/images/debian.iso?why=end%20of%20life",
                "POST /api/v1/images/debian.iso/restore",
                "PATCH /api/v1/images/debian.iso",
                "POST /api/v1/leases",
                "GET /api/v1/leases",
                "GET /api/v1/leases/lease1",
                "PUT /api/v1/leases/lease1",
                "DELETE /api/v1/leases/lease1",
                "GET /api/v1/drift",
                "GET /api/v1/jobs",
                "GET /api/v1/jobs/job1",
                "GET /api/v1/retired",
                "GET /api/v1/status",
            ],
            site.Requests.Select(r => r.ToString()));
        Assert.Equal("""{"path":"/isos/debian.iso","title":"Debian"}""", site.Requests[3].Body);
        Assert.Equal("""{"hidden":true}""", site.Requests[6].Body);
        Assert.Equal("""{"ttl":120}""", site.Requests[10].Body);
    }

    [Fact]
    public async Task A_name_stays_one_segment_of_the_path()
    {
        await using var site = await ScriptedSite.StartAsync();
        using var client = site.Client();

        await Assert.ThrowsAsync<ApplianceException>(() => client.GetImageAsync("../status?x#y", Token));

        Assert.Equal("GET /api/v1/images/..%2Fstatus%3Fx%23y", Assert.Single(site.Requests).ToString());
    }

    [Fact]
    public async Task An_answer_that_still_stands_is_null()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/available", async http =>
        {
            if (http.Request.Headers.IfNoneMatch == "\"one\"")
            {
                http.Response.StatusCode = 304;
                return;
            }

            http.Response.Headers.ETag = "\"one\"";
            await http.Response.WriteAsJsonAsync(Samples.Available("a.iso"), ApiJson.Default.AvailableAnswer, cancellationToken: http.RequestAborted);
        });
        using var client = site.Client();

        var first = await client.GetAvailableAsync(new AvailableRequest("console"), etag: null, Token);
        Assert.Equal("\"one\"", first!.ETag);
        Assert.Null(await client.GetAvailableAsync(new AvailableRequest("console"), first.ETag, Token));
        Assert.Equal("a.iso", Assert.Single((await client.GetAvailableAsync(new AvailableRequest("console"), "\"other\"", Token))!.Answer.Images).Name);
    }

    [Fact]
    public async Task The_token_is_sent_and_never_shown()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.Refuse("GET /api/v1/images", 403, "forbidden");
        using var client = site.Client(new ApplianceClientOptions { Token = "s3cr3t-token" });

        var refused = await Assert.ThrowsAsync<ApplianceException>(() => client.GetImagesAsync(Token));

        Assert.Equal("Bearer s3cr3t-token", site.Requests[0].Headers.Authorization);
        Assert.DoesNotContain("s3cr3t", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/images", http => { http.Response.Redirect("/api/v1/status"); return Task.CompletedTask; });
        using var client = site.Client(new ApplianceClientOptions { Token = "s3cr3t-token" });

        var refused = await Assert.ThrowsAsync<ApplianceException>(() => client.GetImagesAsync(Token));

        Assert.Equal(302, refused.Status);
        Assert.Single(site.Requests);
    }

    [Fact]
    public async Task Members_of_a_newer_site_are_passed_over()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/retired", """{"retired":[],"quota":5,"newer":{"x":[1]}}""");
        using var client = site.Client();

        Assert.Empty((await client.GetRetiredAsync(Token)).Retired);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"retired":null}""")]
    [InlineData("""{"retired":[null]}""")]
    [InlineData("""{"retired":[{"id":"sha256:12","name":"a.iso","size":1,"retiredAt":"2026-01-01T00:00:00Z"}]}""")]
    [InlineData("""{"retired":[{"name":"a.iso","size":1,"retiredAt":"2026-01-01T00:00:00Z"}]}""")]
    [InlineData("""{"retired":[],"newer":null}""")]
    [InlineData("null")]
    [InlineData("""{"retired":[]""")]
    [InlineData("")]
    public async Task An_answer_of_another_shape_is_never_handed_on(string body)
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/retired", body);
        using var client = site.Client();

        var refused = await Assert.ThrowsAsync<ApplianceException>(() => client.GetRetiredAsync(Token));

        Assert.Equal(ClientProblemCode.UnexpectedAnswer, refused.Problem.Code);
        Assert.Contains(site.Address.Authority, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_web_page_is_no_answer()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/images", "<html>Welcome</html>", "text/html");
        using var client = site.Client();

        var refused = await Assert.ThrowsAsync<ApplianceException>(() => client.GetImagesAsync(Token));

        Assert.Equal(ClientProblemCode.UnexpectedAnswer, refused.Problem.Code);
        Assert.Contains("text/html", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(204)]
    [InlineData(304)]
    public async Task A_success_without_an_answer_is_never_null_in_the_callers_hands(int status)
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/images", http =>
        {
            (http.Response.StatusCode, http.Response.ContentType) = (status, "application/json");
            return Task.CompletedTask;
        });
        using var client = site.Client();

        var refused = await Assert.ThrowsAsync<ApplianceException>(() => client.GetImagesAsync(Token));

        Assert.Equal((status, ClientProblemCode.UnexpectedAnswer), (refused.Status, refused.Problem.Code));
    }

    [Fact]
    public async Task What_has_no_name_is_asked_for_nowhere()
    {
        await using var site = await ScriptedSite.StartAsync();
        using var client = site.Client();

        await Assert.ThrowsAsync<ArgumentException>(() => client.RemoveImageAsync("", null, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => client.RestoreImageAsync("", Token));
        await Assert.ThrowsAsync<ArgumentException>(() => client.RemoveImageAsync("..", null, Token));
        Assert.Empty(site.Requests);
    }

    [Fact(Timeout = 20_000)]
    public async Task An_answer_without_end_is_cut()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/images", http => EndlessAsync(http, "application/json", 200));
        using var client = site.Client();

        var refused = await Assert.ThrowsAsync<ApplianceException>(() => client.GetImagesAsync(TestContext.Current.CancellationToken));

        Assert.Equal(ClientProblemCode.AnswerTooLong, refused.Problem.Code);
    }

    [Theory]
    [InlineData("application/problem+json", """{"type":"urn:isocatalog:problem:name-taken","title":"Name taken","status":200,"detail":"It is taken.","traceId":"x"}""", "name-taken", "It is taken.")]
    [InlineData("application/problem+json", """{"type":"https://tools.ietf.org/html/rfc9110","title":"Conflict"}""", "https://tools.ietf.org/html/rfc9110", "Conflict")]
    [InlineData("application/problem+json", """{"title":"Conflict","detail":7}""", "about:blank", "Conflict")]
    [InlineData("application/problem+json", """{"detail":"","title":""}""", "http-409", null)]
    [InlineData("application/problem+json", "[1,2]", "http-409", null)]
    [InlineData("application/problem+json", "{", "http-409", null)]
    [InlineData("application/problem+json", "", "http-409", null)]
    [InlineData("application/problem+json", """{"a":[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]}""", "http-409", null)]
    [InlineData("text/html", """{"detail":"This is no problem."}""", "http-409", null)]
    public async Task Whatever_comes_with_a_refusal_becomes_a_problem(string contentType, string body, string code, string? detail)
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/images", body, contentType, 409);
        using var client = site.Client();

        var refused = await Assert.ThrowsAsync<ApplianceException>(() => client.GetImagesAsync(Token));

        Assert.Equal(409, refused.Status);
        Assert.Equal(code, refused.Problem.Code);
        Assert.Equal(detail ?? $"http://{site.Address.Authority} answered 409 Conflict without saying why. Is that an IsoCatalog site? Its log may say more.", refused.Message);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_problem_without_end_is_cut()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/images", http => EndlessAsync(http, "application/problem+json", 500));
        using var client = site.Client();

        var refused = await Assert.ThrowsAsync<ApplianceException>(() => client.GetImagesAsync(TestContext.Current.CancellationToken));

        Assert.Equal("http-500", refused.Problem.Code);
    }

    [Fact]
    public async Task A_problem_names_the_image_that_stands_in_the_way()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On(
            "POST /api/v1/images",
            $$"""{"type":"urn:isocatalog:problem:name-taken","title":"t","status":409,"detail":"d","image":"{{Samples.Id("abc")}}"}""",
            "application/problem+json",
            409);
        using var client = site.Client();

        var refused = await Assert.ThrowsAsync<ApplianceException>(() => client.AddImageAsync(new AddRequest(Path: "/x.iso"), Token));

        Assert.Equal(Samples.Id("abc"), refused.Problem.Image);
    }

    [Theory]
    [InlineData("ftp://isos.example.com")]
    [InlineData("http://user:password@isos.example.com")]
    [InlineData("http://isos.example.com/?x=1")]
    public void An_address_that_is_no_sites_is_not_taken(string address) =>
        Assert.Throws<ArgumentException>(() => ApplianceClient.At(new Uri(address)));

    [Fact]
    public async Task A_site_behind_a_prefix_of_a_proxy_is_asked_there()
    {
        await using var site = await ScriptedSite.StartAsync();
        using var client = ApplianceClient.At(new Uri(site.Address, "isos"));

        await Assert.ThrowsAsync<ApplianceException>(() => client.GetStatusAsync(Token));

        Assert.Equal("GET /isos/api/v1/status", site.Requests[0].ToString());
    }

    private static async Task EndlessAsync(HttpContext http, string contentType, int status)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        var chunk = Encoding.ASCII.GetBytes(new string('[', 1 << 16));
        while (!http.RequestAborted.IsCancellationRequested)
        {
            await http.Response.Body.WriteAsync(chunk, CancellationToken.None);
        }
    }
}
