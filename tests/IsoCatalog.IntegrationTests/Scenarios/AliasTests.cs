using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>Names that move from one image to the next, at one site.</summary>
public sealed class AliasTests
{
    private const string Latest = "debian-12-latest";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_alias_is_in_the_list_with_its_image_can_be_leased_by_and_moves_at_once_when_the_new_one_is_ready()
    {
        await using var site = await Scenario.StartAsync(TestSiteOptions.InOwnProcess);
        using var witness = new Witness(site);
        var (one, two) = (await ApiCaller.AddAsync(site, "debian-12.0.iso", 1), await ApiCaller.AddAsync(site, "debian-12.1.iso", 2));
        var before = (await site.Client.GetAvailableAsync(new AvailableRequest("bmc"), etag: null, Cancel))!;
        Assert.All(before.Answer.Images, i => Assert.Empty(i.Aliases));

        var set = await site.Client.SetAliasAsync(Latest, new AliasRequest(one.Name), Cancel);
        Assert.Equal((one.Id, one.Name, "ams", null, null), (set.Moved!.Image, set.Moved.ImageName, set.Moved.Site, set.Moved.Waiting, set.Moved.Code));
        var after = (await site.Client.GetAvailableAsync(new AvailableRequest("bmc"), before.ETag, Cancel))!;
        Assert.True(after.Answer.AsOf > before.Answer.AsOf, "the answer changed, and says when");
        Assert.Equal([Latest], after.Answer.Images.Single(i => i.Id == one.Id).Aliases);
        Assert.Equal(one.Id, (await site.Client.TakeLeaseAsync(new LeaseRequest(Latest, "bmc", "127.0.0.1", 60), Cancel)).Image);

        // Said again it says nothing new; told otherwise it moves, in every answer at once.
        await site.Client.SetAliasAsync(Latest, new AliasRequest(one.Id.ToString()), Cancel);
        Assert.Equal(set.Moved.Since, (await site.Client.GetAliasAsync(Latest, Cancel)).Since);
        await site.Client.SetAliasAsync(Latest, new AliasRequest(two.Name), Cancel);
        var images = (await site.Client.GetAvailableAsync(new AvailableRequest("console"), Cancel)).Images;
        Assert.Equal((0, Latest), (images.Single(i => i.Id == one.Id).Aliases.Count, images.Single(i => i.Id == two.Id).Aliases.Single()));
        Assert.Equal((two.Id, Latest), ((await site.Client.GetImageAsync(Latest, Cancel)).Id, (await site.Client.GetImageAsync(two.Name, Cancel)).Aliases!.Single()));
        Assert.Contains(await witness.EventsAsync(), e => e is { Type: "alias" } && e.Image == two.Id);

        await site.KillAsync();
        await site.StartAgainAsync(Cancel);
        var kept = Assert.Single((await site.Client.GetAliasesAsync(Cancel)).Aliases);
        Assert.Equal((Latest, two.Id, one.Id), (kept.Name, kept.Image, Assert.Single(kept.Former).Image));

        await site.Client.RemoveAliasAsync(Latest, Cancel);
        Assert.Empty((await site.Client.GetAliasesAsync(Cancel)).Aliases);
        Assert.All((await site.Client.GetAvailableAsync(new AvailableRequest("bmc"), Cancel)).Images, i => Assert.Empty(i.Aliases));
        (await RefusedAsync(() => site.Client.RemoveAliasAsync(Latest, Cancel))).Says("not-found", Latest);
        Assert.Equal(2, (await site.Client.GetImagesAsync(Cancel)).Images.Count);
    }

    [Fact]
    public async Task A_move_to_an_image_that_is_not_ready_waits_survives_a_killed_site_and_is_carried_out_by_itself()
    {
        await using var site = await Scenario.StartAsync(TestSiteOptions.InOwnProcess);
        var (one, two) = (await ApiCaller.AddAsync(site, "debian-12.0.iso", 1), await ApiCaller.AddAsync(site, "debian-12.1.iso", 2));
        await site.Client.SetAliasAsync(Latest, new AliasRequest(one.Name), Cancel);
        await HideAsync(site, two, true);

        using var caller = new ApiCaller(site.Api);
        var answer = await caller.JsonAsync(HttpMethod.Put, $"/api/v1/aliases/{Latest}", $$"""{"image":"{{two.Name}}"}""");
        Assert.Equal(202, (int)answer.Status);
        var job = answer.Json["id"]!.GetValue<string>();
        Assert.Equal($"/api/v1/jobs/{job}", answer["Location"]);
        Assert.Equal("running", answer.Json["state"]!.GetValue<string>());

        await site.KillAsync();
        await site.StartAgainAsync(Cancel);
        var waiting = await site.Client.GetAliasAsync(Latest, Cancel);
        Assert.Equal((one.Id, two.Id, job), (waiting.Image, waiting.Waiting!.Image, waiting.Waiting.Job));
        Assert.All(waiting.Waiting.WaitsFor, w => Assert.Equal(("ams", "The image is hidden."), (w.Site, w.Reason)));
        var running = await site.Client.GetJobAsync(job, Cancel);
        Assert.Equal(("alias", "running", 2L), (running.Kind, running.State, running.Total));
        Assert.Contains(running.Id, (await site.Client.GetJobsAsync(Cancel)).Jobs.Select(j => j.Id));

        // Asked again it is the same one; and the old image is what everybody gets meanwhile.
        Assert.Equal(job, (await site.Client.SetAliasAsync(Latest, new AliasRequest(two.Id.ToString()), Cancel)).Waiting!.Id);
        Assert.Equal(one.Id, (await site.Client.GetImageAsync(Latest, Cancel)).Id);
        await HideAsync(site, two, false);
        var done = await site.EndOfAsync(running);
        Assert.Equal(("done", two.Id), (done.State, done.Image));
        Assert.Equal((two.Id, null), ((await site.Client.GetAliasAsync(Latest, Cancel)).Image, (await site.Client.GetAliasAsync(Latest, Cancel)).Waiting));
    }

    [Fact]
    public async Task A_move_that_waits_is_replaced_taken_away_or_given_up_with_its_image_and_its_job_says_which()
    {
        await using var site = await Scenario.StartAsync();
        var (one, two) = (await ApiCaller.AddAsync(site, "debian-12.0.iso", 1), await ApiCaller.AddAsync(site, "debian-12.1.iso", 2));
        await HideAsync(site, two, true);

        var replaced = (await site.Client.SetAliasAsync(Latest, new AliasRequest(two.Name), Cancel)).Waiting!;
        Assert.Null((await site.Client.GetAliasAsync(Latest, Cancel)).Image);
        (await RefusedAsync(() => site.Client.GetImageAsync(Latest, Cancel))).Says("not-found");
        Assert.NotNull((await site.Client.SetAliasAsync(Latest, new AliasRequest(one.Name), Cancel)).Moved);
        (await site.EndOfAsync(replaced)).Problem.Says("superseded", Latest);

        var again = (await site.Client.SetAliasAsync(Latest, new AliasRequest(two.Name), Cancel)).Waiting!;
        var other = (await site.Client.SetAliasAsync("other", new AliasRequest(two.Name, 3), Cancel)).Waiting!;
        await site.Client.RemoveAliasAsync(Latest, Cancel);
        (await site.EndOfAsync(again)).Problem.Says("superseded", "taken away");
        Assert.Equal("other", Assert.Single((await site.Client.GetAliasesAsync(Cancel)).Aliases).Name);

        await site.Client.RemoveImageAsync(two.Name, null, Cancel);
        (await site.EndOfAsync(other)).Problem.Says("not-found", "removed");
        Assert.Empty((await site.Client.GetAliasesAsync(Cancel)).Aliases);
        (await RefusedAsync(() => site.Client.SetAliasAsync(Latest, new AliasRequest(two.Id.ToString()), Cancel))).Says("not-found", "restore");
        await site.Client.BlockImageAsync(two.Id.ToString(), new BlockRequest("tampered"), Cancel);
        (await RefusedAsync(() => site.Client.SetAliasAsync(Latest, new AliasRequest(two.Id.ToString()), Cancel))).Says("blocked", "recalled");
    }

    [Fact]
    public async Task Older_versions_leave_the_catalog_when_the_alias_has_moved_but_not_what_is_held_protected_or_named()
    {
        await using var site = await Scenario.StartAsync();
        var images = new List<ImageView>();
        for (var i = 0; i < 5; i++)
        {
            images.Add(await ApiCaller.AddAsync(site, $"debian-12.{i}.iso", i + 1));
            await site.Client.SetAliasAsync(Latest, new AliasRequest(images[i].Name), Cancel);
        }

        await site.Client.ChangeImageAsync(images[0].Name, new ImagePatch(Protected: true), Cancel);
        await site.Client.SetAliasAsync("stable", new AliasRequest(images[1].Name), Cancel);
        var lease = await site.Client.TakeLeaseAsync(new LeaseRequest(images[2].Name, "console", "somebody", 60), Cancel);
        var next = await ApiCaller.AddAsync(site, "debian-12.5.iso", 6);
        await HideAsync(site, next, true);
        var job = (await site.Client.SetAliasAsync(Latest, new AliasRequest(next.Name, KeepVersions: 1), Cancel)).Waiting!;
        Assert.Equal(6, (await site.Client.GetImagesAsync(Cancel)).Images.Count);

        await HideAsync(site, next, false);
        Assert.Equal("done", (await site.EndOfAsync(job)).State);
        Assert.Equal(
            ["debian-12.0.iso", "debian-12.1.iso", "debian-12.4.iso", "debian-12.5.iso"],
            (await site.Client.GetImagesAsync(Cancel)).Images.Select(i => i.Name));
        await site.StoreIsAsync(images[3], "retired");
        Assert.Equal("present", (await site.Client.GetImageAsync(images[2].Id.ToString(), Cancel)).Store.State);
        await site.Client.EndLeaseAsync(lease.Id, Cancel);
        await site.StoreIsAsync(images[2], "retired");
        var former = (await site.Client.GetAliasAsync(Latest, Cancel)).Former;
        Assert.Equal([images[4].Id, images[3].Id, images[2].Id, images[1].Id, images[0].Id], former.Select(f => f.Image));
        Assert.Equal([true, false, false, true, true], former.Select(f => f.InCatalog));

        // Where the alias points already, nothing moves, and what is too much goes at once.
        await site.Client.SetAliasAsync(Latest, new AliasRequest(next.Name, KeepVersions: 0), Cancel);
        Assert.Equal(3, (await site.Client.GetImagesAsync(Cancel)).Images.Count);
    }

    [Fact]
    public async Task What_changes_an_image_does_not_reach_it_by_an_alias()
    {
        await using var site = await Scenario.StartAsync();
        var image = await ApiCaller.AddAsync(site, "debian-12.iso", 1);
        await site.Client.SetAliasAsync(Latest, new AliasRequest(image.Name), Cancel);

        foreach (var refused in new[]
        {
            await RefusedAsync(() => site.Client.RemoveImageAsync(Latest, null, Cancel)),
            await RefusedAsync(() => site.Client.BlockImageAsync(Latest, new BlockRequest(), Cancel)),
            await RefusedAsync(() => site.Client.ChangeImageAsync(Latest, new ImagePatch(Hidden: true), Cancel)),
            await RefusedAsync(() => site.Client.RestoreImageAsync(Latest, Cancel)),
        })
        {
            refused.Says("names-an-alias", Latest, image.Name, "alias --rm");
            Assert.Equal((409, image.Id), (refused.Status, refused.Image));
        }

        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
    }

    [Fact]
    public async Task An_alias_on_an_image_that_was_removed_or_recalled_offers_nothing_says_so_and_works_again_when_it_is_back()
    {
        await using var site = await Scenario.StartAsync();
        var image = await ApiCaller.AddAsync(site, "debian-12.iso", 1);
        await site.Client.SetAliasAsync(Latest, new AliasRequest(image.Name), Cancel);

        await site.Client.RemoveImageAsync(image.Name, null, Cancel);
        await OffersNothingAsync(ReasonCode.Removed);
        await site.Client.RestoreImageAsync(image.Id.ToString(), Cancel);
        await TestSite.EventuallyAsync(() => site.ListsAsync("bmc", image.Id, Cancel), Cancel);
        Assert.Null((await site.Client.GetAliasAsync(Latest, Cancel)).Code);
        await site.Client.BlockImageAsync(image.Name, new BlockRequest("tampered"), Cancel);
        await OffersNothingAsync(ReasonCode.Blocked);

        async Task OffersNothingAsync(string code)
        {
            var alias = await site.Client.GetAliasAsync(Latest, Cancel);
            Assert.Equal((image.Id, code), (alias.Image, alias.Code));
            Assert.Empty((await site.Client.GetAvailableAsync(new AvailableRequest("bmc"), Cancel)).Images);
            (await RefusedAsync(() => site.Client.GetImageAsync(Latest, Cancel))).Says("not-found", "points to debian-12.iso");
            (await RefusedAsync(() => site.Client.TakeLeaseAsync(new LeaseRequest(Latest, "bmc", "127.0.0.1", 60), Cancel))).Says(
                code == ReasonCode.Blocked ? "not-ready" : "not-found", "debian-12.iso");
        }
    }

    [Fact]
    public async Task Names_and_requests_that_make_no_sense_are_refused_with_the_reason()
    {
        await using var site = await Scenario.StartAsync();
        var image = await ApiCaller.AddAsync(site, "debian-12.iso", 1);
        using var caller = new ApiCaller(site.Api);
        var good = $$"""{"image":"{{image.Id}}"}""";
        foreach (var name in new[] { "debian-12.iso", "DEBIAN", "cafe12", "a%2Fb", "%2e%2e", "a%00b", "-a", "sha256%3A00", new string('x', 65), "%E2%80%AEx", "a%0Ab", image.Id.ToString() })
        {
            var answer = await caller.JsonAsync(HttpMethod.Put, "/api/v1/aliases/" + name, good);
            Assert.True((int)answer.Status is 400 or 404 or 405, $"{name}: {(int)answer.Status}");
            if (name != "a%00b")
            {
                answer.Problem();
            }
        }

        (await caller.JsonAsync(HttpMethod.Put, "/api/v1/aliases/latest", """{"image":"no-such.iso"}""")).Refused(404, "not-found");
        (await caller.JsonAsync(HttpMethod.Put, "/api/v1/aliases/latest", $$"""{"image":"sha256:{{new string('0', 64)}}"}""")).Refused(404, "not-found");
        foreach (var body in new[] { "{}", """{"image":""}""", """{"image":null}""", """{"image":1}""", """{"image":"debian-12.iso","keepVersions":-1}""", """{"image":"debian-12.iso","keepVersions":33}""", """{"image":"debian-12.iso","keep":1}""", "[]", "" })
        {
            (await caller.JsonAsync(HttpMethod.Put, "/api/v1/aliases/latest", body)).Refused(400, "invalid-request");
        }

        (await caller.SendAsync(HttpMethod.Delete, "/api/v1/aliases/latest", null)).Refused(404, "not-found");
        (await caller.GetAsync("/api/v1/aliases/latest")).Refused(404, "not-found");
        Assert.Empty((await caller.GetAsync("/api/v1/aliases")).Json["aliases"]!.AsArray());

        // An alias of an alias is where that one points now.
        await site.Client.SetAliasAsync("testing", new AliasRequest(image.Name), Cancel);
        Assert.Equal(image.Id, (await site.Client.SetAliasAsync("production", new AliasRequest("testing"), Cancel)).Moved!.Image);
    }

    [Fact]
    public async Task A_database_of_the_version_before_is_taken_over()
    {
        await using var site = await Scenario.StartAsync();
        var image = await ApiCaller.AddAsync(site, "debian-12.iso", 1);
        await site.StopAsync();
        (await Counterpart.RunAsync("sqlite3", [Path.Combine(site.Data, "isocatalog.db"), BackToVersion2], Cancel)).Succeeded();
        await site.StartAgainAsync(Cancel);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
        await HideAsync(site, image, true);
        Assert.NotNull((await site.Client.SetAliasAsync(Latest, new AliasRequest(image.Id.ToString()), Cancel)).Waiting);
    }

    private const string BackToVersion2 =
        """
        CREATE TABLE receipt (
            place TEXT NOT NULL, image TEXT NOT NULL, device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL,
            modified INTEGER NOT NULL, changed INTEGER NOT NULL, root TEXT NOT NULL, code TEXT, reason TEXT, since INTEGER, PRIMARY KEY (place, image));
        INSERT INTO receipt SELECT place, (SELECT image FROM computed WHERE computed.root = file.root), device, inode, size, modified, changed, root, code, reason, since FROM file;
        DROP TABLE file;
        DROP TABLE file_read;
        DROP TABLE change;
        DROP TABLE alias_move;
        DROP TABLE built;
        ALTER TABLE cell DROP COLUMN evidence;
        PRAGMA user_version = 2;
        """;

    private static Task HideAsync(TestSite site, ImageView image, bool hidden) =>
        site.Client.ChangeImageAsync(image.Id.ToString(), new ImagePatch(Hidden: hidden), Cancel);

    private static async Task<Problem> RefusedAsync(Func<Task> call) => (await Assert.ThrowsAsync<ApplianceException>(call)).Problem;
}
