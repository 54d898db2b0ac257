using System.Text.RegularExpressions;
using IsoCatalog.Client;
using IsoCatalog.Simulators.Engine;
using IsoCatalog.Testing;

namespace IsoCatalog.IntegrationTests.Scenarios.Fire;

/// <summary>What happens to the fleet while the panels look: one lane of changes that operators make, one of damage, kills and cut links.</summary>
internal sealed partial class FireWorks(FireFleet fleet, FireRecord record, int seed)
{
    private const int Most = 7;

    private static readonly string[] Expected = ["already-in-catalog", "name-taken", "not-found", "not-restorable", "blocked", "not-ready"];

    private readonly Random _changes = new(seed);
    private readonly Random _fire = new(seed + 1);
    private readonly Random _outages = new(seed + 2);
    private readonly Random _engines = new(seed + 3);
    private int _made;

    public async Task AddFirstAsync(CancellationToken cancellationToken)
    {
        foreach (var site in fleet.Sites)
        {
            await AddAsync(site, 300_000 + _changes.Next(2_000_000), cancellationToken);
            await AddAsync(site, 60_000 + _changes.Next(300_000), cancellationToken);
        }
    }

    public async Task ChangeAsync(CancellationToken stop)
    {
        while (await PauseAsync(_changes.Next(100, 1500), stop))
        {
            var (site, dice) = (Pick(_changes, fleet.Sites), _changes.Next(100));
            var (live, gone) = (record.Images.Where(i => i.IsLive is true && !i.IsBlocked).ToList(), record.Images.Where(i => i.IsLive is false).ToList());
            var blocked = record.Images.Where(i => i.IsBlocked).ToList();
            await (dice switch
            {
                < 30 when live.Count < Most => AddAsync(site, _changes.Next(10) == 0 ? 8_000_000 : 50_000 + _changes.Next(1_500_000), stop),
                < 55 when live.Count > 3 => RemoveAsync(site, Pick(_changes, live)),
                < 80 when gone.Count > 0 => RestoreAsync(site, Pick(_changes, gone)),
                < 90 when live.Count > 3 && blocked.Count == 0 => BlockAsync(site, Pick(_changes, live)),
                >= 70 when blocked.Count > 0 => UnblockAsync(site, Pick(_changes, blocked)),
                _ => Task.CompletedTask,
            });
        }
    }

    public async Task DamageAsync(CancellationToken stop)
    {
        while (await PauseAsync(_fire.Next(50, 500), stop))
        {
            var (site, dice) = (Pick(_fire, fleet.Sites), _fire.Next(100));
            if (dice < 40)
            {
                DamageOn("console", site, _fire);
            }
            else if (dice < 60)
            {
                DamageOn("ovirt", site, _fire);
            }
            else if (dice < 90)
            {
                await DamageStoreAsync(site);
            }
            else
            {
                Flood(FolderOf(Pick(_fire, ["console", "ovirt"]), site));
                await TidyUpAsync(site);
            }
        }
    }

    /// <summary>Does what the site asks its operator for: moves away what lies in the place of an image and is not ours.</summary>
    public async Task TidyUpAsync(TestSite site)
    {
        try
        {
            foreach (var drift in (await fleet.ClientOf(site).GetDriftAsync(default)).Drift.Where(d => d.Code is "foreign-file" or "domain-unlistable"))
            {
                if (Foreign().Match(drift.Reason) is { Success: true } found)
                {
                    Delete(found.Groups["path"].Value);
                }
            }
        }
        catch (Exception e) when (e is ApplianceException or ApplianceUnreachableException)
        {
            record.Say($"{site.Id} says nothing of its drift: {e.Message}");
        }

        static void Delete(string path)
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path);
            }
            else if (new FileInfo(path) is { LinkTarget: not null } or { IsReadOnly: false })
            {
                File.Delete(path);
            }
        }
    }

    [GeneratedRegex(@"(?<path>/\S+/image-\d+\.iso)(:| is (not ours|there already|a link that leads nowhere))", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Foreign();

    public async Task BreakDownAsync(CancellationToken stop)
    {
        while (await PauseAsync(_outages.Next(500, 2500), stop))
        {
            var site = Pick(_outages, fleet.Sites);
            await (_outages.Next(100) < 60 ? KillAsync(site) : CutAsync(site));
        }

        await fleet.MendAsync();
    }

    /// <summary>One engine at a time does what engines do: it is down, answers nonsense, has the domain inactive (and its old list at hand), leaves a file out.</summary>
    public async Task TroubleEnginesAsync(CancellationToken stop)
    {
        while (await PauseAsync(_engines.Next(1500, 4000), stop))
        {
            var (site, dice) = (Pick(_engines, fleet.Sites), _engines.Next(100));
            var hidden = Pick(_engines, record.Images.OrderBy(i => i.Name, StringComparer.Ordinal).ToList());
            var (what, fault) = dice switch
            {
                < 25 => ("is down", new EngineFaults { Down = true }),
                < 35 => ("cuts connections", new EngineFaults { Cut = true }),
                < 45 => ("answers a login page", new EngineFaults { Garbage = EngineGarbage.Html }),
                < 70 => ("has its domain inactive", new EngineFaults { Status = new Dictionary<string, string> { [SimulatedDomain.DataCenter] = "inactive" } }),
                < 85 => ($"leaves out {hidden.Name}", new EngineFaults { Hide = [hidden.Name] }),
                _ => ("has a host that cannot list", new EngineFaults { FailingDataCenters = [SimulatedDomain.DataCenter] }),
            };
            record.Say($"the engine of {site.Id} {what}");
            var engine = fleet.DomainOf(site).Engine;

            // What the engine listed before its host failed counts on, and can be mounted.
            using (fault.FailingDataCenters.Count > 0 ? null : record.EngineTrouble(site.Id, fault.Hide.Count > 0 ? hidden.Id : null))
            {
                engine.Faults = fault;

                // Some are over before anybody must notice, some go on for longer than anything may stay listed.
                await PauseAsync(_engines.Next(3) == 0 ? 13_000 : _engines.Next(300, 5000), stop);
                engine.Faults = EngineFaults.None;
            }

            record.Count("engine troubles");
            record.Say($"the engine of {site.Id} is well again");
        }
    }

    private static async Task<bool> PauseAsync(int ms, CancellationToken stop)
    {
        await Task.Delay(ms, stop).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return !stop.IsCancellationRequested;
    }

    private static T Pick<T>(Random random, IReadOnlyList<T> from) => from[random.Next(from.Count)];

    private async Task AddAsync(TestSite site, int size, CancellationToken cancellationToken)
    {
        var image = new FireImage((seed % 1000 * 1000) + ++_made, size);
        record.Add(image);
        record.Say($"add {image.Name} ({size:N0} bytes) at {site.Id}");
        await AskAsync(site, image, true, client => client.UploadImageAsync(new MemoryStream(image.Bytes), image.Name, null, null, null, cancellationToken), "added");
    }

    /// <summary>A site that has not heard yet of what another was asked last would be asked something else, and its answer would not be the last word.</summary>
    private async Task<bool> KnowsAsync(TestSite site, FireImage image)
    {
        try
        {
            return await fleet.ClientOf(site).GetImageAsync(image.Id.ToString(), default) is var known
                && known.Deleted != image.IsLive && known.Blocked is not null == image.IsBlocked;
        }
        catch (Exception e) when (e is ApplianceException or ApplianceUnreachableException)
        {
            return false;
        }
    }

    private async Task RemoveAsync(TestSite site, FireImage image)
    {
        record.Say($"remove {image.Name} at {site.Id}");
        if (await AskAsync(site, image, false, client => client.RemoveImageAsync(image.Id.ToString(), "fire", default), "removed"))
        {
            image.Removed = new(site.Id, FireRecord.Now);
        }
    }

    private async Task RestoreAsync(TestSite site, FireImage image)
    {
        record.Say($"restore {image.Name} at {site.Id}");
        await AskAsync(site, image, true, client => client.RestoreImageAsync(image.Id.ToString(), default), "restored");
    }

    private async Task BlockAsync(TestSite site, FireImage image)
    {
        record.Say($"recall {image.Name} at {site.Id}");
        if (await AskAsync(site, image, image.IsLive, client => client.BlockImageAsync(image.Id.ToString(), new BlockRequest("fire"), default), "recalled"))
        {
            image.IsBlocked = true;
            image.Removed = new(site.Id, FireRecord.Now);
        }
    }

    private async Task UnblockAsync(TestSite site, FireImage image)
    {
        record.Say($"take back the recall of {image.Name} at {site.Id}");
        if (await AskAsync(site, image, image.IsLive, async client =>
            {
                await client.UnblockImageAsync(image.Id.ToString(), default);
                return 0;
            }, "recalls taken back"))
        {
            image.IsBlocked = false;
        }
    }

    /// <summary>Until the answer is there, either outcome is right; without one, for ever.</summary>
    private async Task<bool> AskAsync<T>(TestSite site, FireImage image, bool? live, Func<IApplianceClient, Task<T>> ask, string done)
    {
        if (done != "added" && !await KnowsAsync(site, image))
        {
            return false;
        }

        var asked = FireRecord.Now;
        var before = (image.IsLive, image.Removed);
        (image.Removed, image.IsLive) = (null, null);
        try
        {
            await ask(fleet.ClientOf(site));
            image.IsLive = live;
            record.Count(done);
            return true;
        }
        catch (ApplianceException e)
        {
            // The site has not heard yet of what another was asked, or has; it changed nothing.
            (image.IsLive, image.Removed) = before;
            record.Say($"refused at {site.Id}: {e.Problem.Code} {e.Problem.Detail}");
            if (!Expected.Contains(e.Problem.Code))
            {
                record.Violated($"{site.Id} refuses what it should do: {e.Problem.Code} {e.Problem.Detail}");
            }
        }
        catch (ApplianceUnreachableException e)
        {
            if (!record.WasDown(site.Id, asked, FireRecord.Now))
            {
                record.Violated($"{site.Id} does not answer: {e.Message}");
            }
        }
        catch (OperationCanceledException)
        {
            // The end of the fire.
        }

        return false;
    }

    private void DamageOn(string surface, TestSite site, Random random)
    {
        var folder = FolderOf(surface, site);
        if (Directory.GetFiles(folder) is { Length: > 0 } files
            && record.Images.FirstOrDefault(i => i.Name == Path.GetFileName(Pick(random, files.Order(StringComparer.Ordinal).ToList()))) is { } image)
        {
            Damage(site, surface, image, Path.Combine(folder, image.Name), random);
        }
    }

    private string FolderOf(string surface, TestSite site) => surface == "console" ? site.Console : fleet.DomainOf(site).Files;

    /// <summary>The last whole copy of an image is left alone: what cannot be repaired is another test.</summary>
    private async Task DamageStoreAsync(TestSite site)
    {
        var images = record.Images.Where(i => i.IsLive is true && !i.IsBlocked).ToList();
        if (images.Count == 0)
        {
            return;
        }

        var image = Pick(_fire, images);
        string? root = null;
        foreach (var other in fleet.Sites)
        {
            try
            {
                var known = await fleet.ClientOf(other).GetImageAsync(image.Id.ToString(), default);
                root = known.Root.ToString();
                if (known is not { Deleted: false, Blocked: null, Store.State: "present" } || record.IsStoreDamaged(other.Id, image.Id, TimeSpan.FromSeconds(10)))
                {
                    return;
                }
            }
            catch (Exception e) when (e is ApplianceException or ApplianceUnreachableException)
            {
                return;
            }
        }

        Damage(site, null, image, Path.Combine(site.Data, "store", root![..2], root), _fire);
    }

    private void Damage(TestSite site, string? surface, FireImage image, string path, Random random)
    {
        var kind = Pick(random, FireDamage.Kinds);
        if (FireDamage.Do(kind, path, random, () => record.Damage(site.Id, surface, image.Id)))
        {
            record.Count("damages");
            record.Say($"{image.Name} {kind} {(surface is null ? "in the store" : "on " + surface)} of {site.Id}");
        }
    }

    private async Task KillAsync(TestSite site)
    {
        record.Say($"kill {site.Id}");
        using (record.Down(site.Id))
        {
            await site.KillAsync();
            await PauseAsync(_outages.Next(1500), default);
            if (_outages.Next(2) == 0)
            {
                DamageOn(Pick(_outages, ["console", "ovirt"]), site, _outages);
            }

            await site.StartAgainAsync(default);
        }

        record.Count("kills");
        record.Say($"{site.Id} is back");
    }

    private async Task CutAsync(TestSite site)
    {
        record.Say($"cut {site.Id} off");
        await fleet.CutAsync(site);
        record.Count("cuts");
        await PauseAsync(_outages.Next(500, 3000), default);
        await fleet.MendAsync();
        record.Say($"{site.Id} is joined again");
    }

    /// <summary>Somebody unpacks things there.</summary>
    private void Flood(string place)
    {
        var folder = Path.Combine(place, "not-ours");
        Directory.CreateDirectory(folder);
        for (var i = 0; i < 50; i++)
        {
            var path = Path.Combine(place, $"foreign-{i}.tmp");
            File.WriteAllText(path, "x");
            File.Delete(path);
        }

        Directory.Delete(folder);
        record.Count("floods");
    }
}
