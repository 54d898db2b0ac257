using System.Security.Cryptography;
using IsoCatalog.Client;
using IsoCatalog.Core.Hashing;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>A fleet that is being upgraded: some sites run the version that was released last, and the others this one, on the folders that the old one left.</summary>
public sealed class MixedVersionsTests
{
    private const string Alias = "debian-latest";

    private const string Label = "Debian 12.5.0 amd64 n";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="first">The sites that are upgraded first; the rest follows.</param>
    [Theory]
    [InlineData("ams", "nyc")]
    [InlineData("msk")]
    public async Task Sites_of_two_versions_have_one_list_whatever_is_done_at_which_of_them_and_so_after_the_upgrade(params string[] first)
    {
        var (released, current) = (await ReleasedVersion.ProgramAsync(), "");
        await using var fleet = await TestFleet.PrepareAsync(Cancel, "ams", "nyc", "msk");
        foreach (var site in fleet.Sites)
        {
            (current, site.Program) = (site.Program, released);
        }

        await fleet.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var images = new Dictionary<string, ImageView>(StringComparer.Ordinal);
        await AddAsync(fleet["ams"], "before.iso");
        await ConvergeAsync();
        foreach (var site in fleet.Sites.Where(s => first.Contains(s.Id)))
        {
            await UpgradeAsync(site);
        }

        // A quota, which only this version knows: the other one takes the trust document, hands it on, and is within.
        var trust = (await fleet["ams"].Client.GetPeersAsync(Cancel)).Trust + 1;
        await FleetCalls.VerbAsync(0, "trust", "quota", "--names", "100", "--config", fleet["ams"].ConfigurationPath, "--root-key", fleet["ams"].RootKey);
        foreach (var site in fleet.Sites)
        {
            await site.TrustsAsync(trust, seconds: 60);
        }

        // Each kind of change, at a site of each version.
        var faulty = IsoBuilder.InMemory("FAULTY", 20_000, 99)[..^4096];
        var (ours, theirs) = (fleet.Sites.First(s => first.Contains(s.Id)), fleet.Sites.First(s => !first.Contains(s.Id)));
        foreach (var (site, other) in new[] { (ours, theirs), (theirs, ours) })
        {
            foreach (var what in new[] { "stays", "goes", "recalled", "back" })
            {
                await AddAsync(site, $"{site.Id}-{what}.iso");
            }

            await ConvergeAsync();

            // What this version recognises, the other one shows.
            Assert.Equal(site.Program == released ? Label : "Debian 12.5.0 netinst", (await other.Client.GetImageAsync($"{site.Id}-stays.iso", Cancel)).Title);
            await RemoveAsync(other, $"{site.Id}-goes.iso");
            await RemoveAsync(site, $"{site.Id}-back.iso");
            await other.Client.BlockImageAsync(images[$"{site.Id}-recalled.iso"].Id.ToString(), new BlockRequest("a test"), Cancel);
            names.Remove($"{site.Id}-recalled.iso");
            await ConvergeAsync();
            await other.Client.RestoreImageAsync(images[$"{site.Id}-back.iso"].Id.ToString(), Cancel);
            names.Add($"{site.Id}-back.iso");
            await site.Client.SetAliasAsync(Alias, new AliasRequest($"{site.Id}-stays.iso"), Cancel);
            await ConvergeAsync();
            foreach (var any in fleet.Sites)
            {
                await TestSite.EventuallyAsync(
                    async () => (await any.Client.GetAliasesAsync(Cancel)).Aliases.Any(a => a.Name == Alias && a.Image == images[$"{site.Id}-stays.iso"].Id), Cancel, 60);
            }
        }

        // What is wrong with an image, which only this version knows, goes with it through the hands of the other.
        var odd = images["odd.iso"] = await ours.Client.UploadImageAsync(new MemoryStream(faulty), "odd.iso", new Sha256Digest(SHA256.HashData(faulty)), null, null, Cancel);
        names.Add("odd.iso");
        await ConvergeAsync();
        await RemoveAsync(theirs, "odd.iso");
        await ConvergeAsync();
        await theirs.Client.RestoreImageAsync(odd.Id.ToString(), Cancel);
        names.Add("odd.iso");
        await ConvergeAsync();

        // One of each version is set back to before its last words; what it then says anew is taken by the others, and what it said before is in force again.
        foreach (var site in new[] { ours, theirs })
        {
            await site.StopAsync();
            var copy = await site.CopyDataAsync(Cancel);
            await StartAsync(site);
            await AddAsync(site, $"{site.Id}-forgotten.iso");
            await RemoveAsync(site, $"{site.Id}-stays.iso");
            await ConvergeAsync();
            await site.StopAsync();
            await site.RestoreDataAsync(copy, Cancel);
            await StartAsync(site);
            if (site.Program == released)
            {
                // It counts where it counted before, and what it says that it holds is old news to the others: until its next start.
                await site.StopAsync();
                await StartAsync(site);
            }

            await AddAsync(site, $"{site.Id}-after.iso");
            await ConvergeAsync();
        }

        foreach (var site in fleet.Sites.Where(s => !first.Contains(s.Id)))
        {
            await UpgradeAsync(site);
        }

        await AddAsync(fleet["msk"], "at-last.iso");
        await RemoveAsync(fleet["ams"], "before.iso");
        await ConvergeAsync();

        // Who added what is known of what either version added, and what one of them signed can be taken back.
        string[] after = [.. names.Where(n => n.EndsWith("-after.iso", StringComparison.Ordinal))];
        foreach (var (site, name) in fleet.Sites.SelectMany(s => after.Select(n => (s, n))))
        {
            Assert.Equal(name.Split('-')[0], (await site.Client.GetImageAsync(images[name].Id.ToString(), Cancel)).AddedSite);
        }

        foreach (var site in fleet.Sites)
        {
            Assert.Contains("missing", Assert.Single((await site.Client.GetImageAsync("odd.iso", Cancel)).Faults!.Found), StringComparison.Ordinal);
        }

        var since = Witness.Now;
        foreach (var name in after)
        {
            await RemoveAsync(fleet["ams"], name);
        }

        await ConvergeAsync();
        Assert.Equal(after.Length, (await fleet["msk"].Client.TakeBackAsync(new TakeBackRequest("ams", since), Cancel)).Done.Count);
        names.UnionWith(after);
        await ConvergeAsync();
        Assert.All(
            await Task.WhenAll(fleet.Sites.Select(async s => (await s.Client.GetDriftAsync(Cancel)).Drift)),
            drift => Assert.DoesNotContain(drift, d => d.Code is "documents-refused" or "store-damaged" or "clock-implausible"));

        async Task AddAsync(TestSite site, string name)
        {
            images[name] = await site.UploadAsync(name, IsoBuilder.InMemory(Label, 20_000, images.Count + 1));
            names.Add(name);
        }

        async Task RemoveAsync(TestSite site, string name)
        {
            await site.Client.RemoveImageAsync(images[name].Id.ToString(), null, Cancel);
            names.Remove(name);
        }

        async Task UpgradeAsync(TestSite site)
        {
            await site.StopAsync();
            site.Program = current;
            await StartAsync(site);
        }

        async Task StartAsync(TestSite site)
        {
            await site.ConfigurePeersAsync(fleet.Sites.Where(s => s != site), Cancel);
            await site.StartAgainAsync(Cancel);
            await fleet.IntroduceAsync(Cancel);
        }

        async Task ConvergeAsync()
        {
            foreach (var (site, surface) in fleet.Sites.SelectMany(s => new[] { (s, "bmc"), (s, "console") }))
            {
                HashSet<string> listed = [];
                await TestSite.EventuallyAsync(
                    async () => (listed = [.. (await site.Client.GetAvailableAsync(new AvailableRequest(surface), Cancel)).Images.Select(i => i.Name)]).SetEquals(names),
                    Cancel,
                    90,
                    () => $"{surface} at {site.Id} lacks {string.Join(", ", names.Except(listed))} and has {string.Join(", ", listed.Except(names))}.");
            }
        }
    }
}
