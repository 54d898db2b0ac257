using System.Security.Cryptography;
using System.Text.RegularExpressions;
using IsoCatalog.Client;
using IsoCatalog.Core.Hashing;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Simulators.Engine;
using IsoCatalog.Testing;

namespace IsoCatalog.IntegrationTests.Scenarios.Fire;

/// <summary>What happens to the fleet while the panels look: one lane of changes that operators make, one of damage, kills and cut links.</summary>
internal sealed partial class FireWorks : IDisposable
{
    private const int Most = 7;

    private static readonly string[] Expected = ["already-in-catalog", "name-taken", "not-found", "not-restorable", "blocked", "not-ready"];

    /// <summary>What a site may answer while its disk takes nothing.</summary>
    private static readonly string[] ExpectedOfDisks = ["no-space", "write-error", "database-failed"];

    private readonly FireFleet _fleet;
    private readonly FireRecord _record;
    private readonly int _seed;
    private readonly bool _worse;
    private readonly Random _changes;
    private readonly Random _fire;
    private readonly Random _outages;
    private readonly Random _engines;
    private readonly Queue<Outage> _first;
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly SemaphoreSlim _damaging = new(1, 1);
    private readonly HashSet<string> _rolledBack = new(StringComparer.Ordinal);
    private int _made;

    /// <param name="worse">Beside kills and cuts: rollbacks, clocks, databases, full disks, files that are touched again and again.</param>
    public FireWorks(FireFleet fleet, FireRecord record, int seed, bool worse)
    {
        (_fleet, _record, _seed, _worse) = (fleet, record, seed, worse);
        (_changes, _fire, _outages, _engines) = (new Random(seed), new Random(seed + 1), new Random(seed + 2), new Random(seed + 3));
        var outages = Outages.ToArray();
        _outages.Shuffle(outages);
        _first = new Queue<Outage>(outages);
    }

    private delegate Task Outage(FireWorks works, TestSite site);

    private IEnumerable<Outage> Outages =>
    [
        (w, s) => w.KillAsync(s), (w, s) => w.CutAsync(s),
        .. _worse ? [(w, s) => w.RollBackAsync(s), (w, s) => w.TurnClockAsync(s), (w, s) => w.BreakDatabaseAsync(s)] : Array.Empty<Outage>(),
        .. _fleet.HasDisks ? [(w, s) => w.FillDiskAsync(s)] : Array.Empty<Outage>(),
    ];

    public void Dispose()
    {
        _changing.Dispose();
        _damaging.Dispose();
    }

    public async Task AddFirstAsync(CancellationToken cancellationToken)
    {
        foreach (var site in _fleet.Sites)
        {
            await AddAsync(site, 300_000 + _changes.Next(2_000_000), cancellationToken);
            await AddAsync(site, 60_000 + _changes.Next(300_000), cancellationToken);
        }
    }

    public async Task ChangeAsync(CancellationToken stop)
    {
        while (await PauseAsync(_changes.Next(100, 1500), stop))
        {
            var (site, dice) = (Pick(_changes, _fleet.Sites), _changes.Next(100));
            var (live, gone) = (_record.Images.Where(i => i.IsLive is true && !i.IsBlocked).ToList(), _record.Images.Where(i => i.IsLive is false).ToList());
            var blocked = _record.Images.Where(i => i.IsBlocked).ToList();
            await _changing.WaitAsync(CancellationToken.None);
            try
            {
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
            finally
            {
                _changing.Release();
            }
        }
    }

    public async Task DamageAsync(CancellationToken stop)
    {
        while (await PauseAsync(_fire.Next(50, 500), stop))
        {
            await _damaging.WaitAsync(CancellationToken.None);
            try
            {
                await DamageSomethingAsync(Pick(_fire, _fleet.Sites), _fire.Next(100));
            }
            finally
            {
                _damaging.Release();
            }
        }
    }

    private async Task DamageSomethingAsync(TestSite site, int dice)
    {
        if (dice < 60)
        {
            DamageOn(dice < 40 ? "console" : "ovirt", site, _fire);
        }
        else if (dice < 85)
        {
            await DamageStoreAsync(site);
        }
        else if (dice < 92 && _worse)
        {
            await TouchAgainAndAgainAsync(site);
        }
        else if (dice < 95)
        {
            await LinkAwayAsync(site);
        }
        else
        {
            Flood(FolderOf(Pick(_fire, ["console", "ovirt"]), site));
            await TidyUpAsync(site);
        }
    }

    /// <summary>Does what the site asks its operator for: moves away what lies in the place of an image and is not ours.</summary>
    public async Task TidyUpAsync(TestSite site)
    {
        try
        {
            foreach (var drift in (await _fleet.ClientOf(site).GetDriftAsync(default)).Drift.Where(d => d.Code is "foreign-file" or "domain-unlistable"))
            {
                if (Foreign().Match(drift.Reason) is { Success: true } found)
                {
                    Delete(found.Groups["path"].Value);
                }
            }
        }
        catch (Exception e) when (e is ApplianceException or ApplianceUnreachableException)
        {
            _record.Say($"{site.Id} says nothing of its drift: {e.Message}");
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
            var site = Pick(_outages, _fleet.Sites);

            // Each kind once, then whatever comes, kills most.
            await (_first.TryDequeue(out var outage) ? outage
                : _outages.Next(100) < 40 ? (w, s) => w.KillAsync(s)
                : Pick(_outages, Outages.ToList()))(this, site);
        }

        await _fleet.MendAsync();
    }

    /// <summary>One engine at a time does what engines do: it is down, answers nonsense, has the domain inactive (and its old list at hand), leaves a file out.</summary>
    public async Task TroubleEnginesAsync(CancellationToken stop)
    {
        while (await PauseAsync(_engines.Next(1500, 4000), stop))
        {
            var (site, dice) = (Pick(_engines, _fleet.Sites), _engines.Next(100));
            var hidden = Pick(_engines, _record.Images.OrderBy(i => i.Name, StringComparer.Ordinal).ToList());
            var (what, fault) = dice switch
            {
                < 25 => ("is down", new EngineFaults { Down = true }),
                < 35 => ("cuts connections", new EngineFaults { Cut = true }),
                < 45 => ("answers a login page", new EngineFaults { Garbage = EngineGarbage.Html }),
                < 70 => ("has its domain inactive", new EngineFaults { Status = new Dictionary<string, string> { [SimulatedDomain.DataCenter] = "inactive" } }),
                < 85 => ($"leaves out {hidden.Name}", new EngineFaults { Hide = [hidden.Name] }),
                _ => ("has a host that cannot list", new EngineFaults { FailingDataCenters = [SimulatedDomain.DataCenter] }),
            };
            _record.Say($"the engine of {site.Id} {what}");
            var engine = _fleet.DomainOf(site).Engine;

            // What the engine listed before its host failed counts on, and can be mounted.
            using (fault.FailingDataCenters.Count > 0 ? null : _record.EngineTrouble(site.Id, fault.Hide.Count > 0 ? hidden.Id : null))
            {
                engine.Faults = fault;

                // Some are over before anybody must notice, some go on for longer than anything may stay listed.
                await PauseAsync(_engines.Next(3) == 0 ? 13_000 : _engines.Next(300, 5000), stop);
                engine.Faults = EngineFaults.None;
            }

            _record.Count("engine troubles");
            _record.Say($"the engine of {site.Id} is well again");
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
        var image = new FireImage((_seed % 1000 * 1000) + ++_made, size);
        _record.Add(image);
        _record.Say($"add {image.Name} ({size:N0} bytes) at {site.Id}");
        await AskAsync(site, image, true, client => client.UploadImageAsync(new MemoryStream(image.Bytes), image.Name, null, null, null, cancellationToken), "added");
    }

    /// <summary>A site that has not heard yet of what another was asked last would be asked something else, and its answer would not be the last word.</summary>
    private async Task<bool> KnowsAsync(TestSite site, FireImage image)
    {
        try
        {
            return await _fleet.ClientOf(site).GetImageAsync(image.Id.ToString(), default) is var known
                && known.Deleted != image.IsLive && known.Blocked is not null == image.IsBlocked;
        }
        catch (Exception e) when (e is ApplianceException or ApplianceUnreachableException)
        {
            return false;
        }
    }

    private async Task RemoveAsync(TestSite site, FireImage image)
    {
        _record.Say($"remove {image.Name} at {site.Id}");
        if (await AskAsync(site, image, false, client => client.RemoveImageAsync(image.Id.ToString(), "fire", default), "removed"))
        {
            image.Removed = new(site.Id, FireRecord.Now);
        }
    }

    private async Task RestoreAsync(TestSite site, FireImage image)
    {
        _record.Say($"restore {image.Name} at {site.Id}");
        await AskAsync(site, image, true, client => client.RestoreImageAsync(image.Id.ToString(), default), "restored");
    }

    private async Task BlockAsync(TestSite site, FireImage image)
    {
        _record.Say($"recall {image.Name} at {site.Id}");
        if (await AskAsync(site, image, image.IsLive, client => client.BlockImageAsync(image.Id.ToString(), new BlockRequest("fire"), default), "recalled"))
        {
            image.IsBlocked = true;
            image.Removed = new(site.Id, FireRecord.Now);
        }
    }

    private async Task UnblockAsync(TestSite site, FireImage image)
    {
        _record.Say($"take back the recall of {image.Name} at {site.Id}");
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
            await ask(_fleet.ClientOf(site));
            image.IsLive = live;
            _record.Count(done);
            return true;
        }
        catch (ApplianceException e)
        {
            // The site has not heard yet of what another was asked, or has; it changed nothing.
            (image.IsLive, image.Removed) = before;
            _record.Say($"refused at {site.Id}: {e.Problem.Code} {e.Problem.Detail}");
            if (!Expected.Contains(e.Problem.Code)
                && !(ExpectedOfDisks.Contains(e.Problem.Code) && _record.IsDiskTrouble(site.Id, asked, FireRecord.Now))
                && !(e.Problem.Code == "clock-implausible" && _record.IsClockTrouble(site.Id, asked, FireRecord.Now)))
            {
                _record.Violated($"{site.Id} refuses what it should do: {e.Problem.Code} {e.Problem.Detail}");
            }
        }
        catch (ApplianceUnreachableException e)
        {
            if (!_record.WasDown(site.Id, asked, FireRecord.Now))
            {
                _record.Violated($"{site.Id} does not answer: {e.Message}");
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
            && _record.Images.FirstOrDefault(i => i.Name == Path.GetFileName(Pick(random, files.Order(StringComparer.Ordinal).ToList()))) is { } image)
        {
            Damage(site, surface, image, Path.Combine(folder, image.Name), random);
        }
    }

    private string FolderOf(string surface, TestSite site) => surface == "console" ? site.Console : _fleet.DomainOf(site).Files;

    /// <summary>The last whole copy of an image is left alone: what cannot be repaired is another test.</summary>
    private async Task DamageStoreAsync(TestSite site)
    {
        var images = _record.Images.Where(i => i.IsLive is true && !i.IsBlocked).ToList();
        if (images.Count == 0)
        {
            return;
        }

        var image = Pick(_fire, images);
        string? root = null;
        foreach (var other in _fleet.Sites)
        {
            try
            {
                var known = await _fleet.ClientOf(other).GetImageAsync(image.Id.ToString(), default);
                root = known.Root.ToString();
                if (known is not { Deleted: false, Blocked: null, Store.State: "present" } || _record.IsStoreDamaged(other.Id, image.Id, TimeSpan.FromSeconds(10)))
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
        if (FireDamage.Do(kind, path, random, () => _record.Damage(site.Id, surface, image.Id)))
        {
            _record.Count("damages");
            _record.Say($"{image.Name} {kind} {(surface is null ? "in the store" : "on " + surface)} of {site.Id}");
        }
    }

    private async Task KillAsync(TestSite site)
    {
        _record.Say($"kill {site.Id}");
        using (_record.Down(site.Id))
        {
            await site.KillAsync();
            if (_outages.Next(3) == 0)
            {
                await FireFleet.SnapshotAsync(site);
                _record.Say($"{site.Id} is copied");
            }

            await PauseAsync(_outages.Next(1500), default);
            if (_outages.Next(3) == 0)
            {
                Lie(site);
            }

            if (_outages.Next(2) == 0)
            {
                DamageOn(Pick(_outages, ["console", "ovirt"]), site, _outages);
            }

            await site.StartAgainAsync(default);
        }

        _record.Count("kills");
        _record.Say($"{site.Id} is back");
    }

    /// <summary>
    /// The site says that it removed an image that nobody ever had, and that its bytes are those of a good one: nothing that is listed anywhere may change by that. One that
    /// was set back does not know any more what it said, and would sign two histories; that is another test.
    /// </summary>
    private void Lie(TestSite site)
    {
        var liar = _rolledBack.Contains(site.Id) ? null : new SiteInHand(site);
        if (_record.Images.FirstOrDefault(i => i.IsLive is true && !i.IsBlocked && liar?.Knows(i.Id) == true) is not { } image)
        {
            return;
        }

        liar!.SignRemoval(liar.ValueOf(image.Id) with { Sha256 = new Sha256Digest(SHA256.HashData(BitConverter.GetBytes(_outages.NextInt64()))) });
        _record.Count("lies");
        _record.Say($"{site.Id} lies about {image.Name}");
    }

    private async Task CutAsync(TestSite site)
    {
        _record.Say($"cut {site.Id} off");
        await _fleet.CutAsync(site);
        _record.Count("cuts");
        await PauseAsync(_outages.Next(500, 3000), default);
        await _fleet.MendAsync();
        _record.Say($"{site.Id} is joined again");
    }

    /// <summary>
    /// The data folder is put back from a copy. What the others know and have is not lost by it, so it waits for a moment in which they know and have everything; of
    /// what was removed since the copy was made the site knows again once it has heard another.
    /// </summary>
    private async Task RollBackAsync(TestSite site)
    {
        await _changing.WaitAsync(CancellationToken.None);
        await _damaging.WaitAsync(CancellationToken.None);
        try
        {
            for (var tries = 0; await LackingAsync() is { } lacking; tries++)
            {
                if (tries == 150)
                {
                    _record.Say($"no rollback of {site.Id}: {lacking}");
                    return;
                }

                await PauseAsync(200, default);
            }

            _record.Say($"roll {site.Id} back");
            _rolledBack.Add(site.Id);
            using (_record.Down(site.Id))
            {
                await site.KillAsync();
                foreach (var image in _record.Images.Where(i => i.Removed is { } gone && gone.Site == site.Id))
                {
                    image.Removed = null;
                }

                await FireFleet.RollBackAsync(site);
                await site.StartAgainAsync(default);
            }

            _record.Count("rollbacks");
            _record.Say($"{site.Id} is back as it was");
        }
        finally
        {
            _damaging.Release();
            _changing.Release();
        }
    }

    /// <summary>One by one: the list of images leaves out those that were removed or recalled. Of what nobody got an answer for, either outcome is right afterwards too.</summary>
    /// <returns>Null when all sites know and have everything; else the first thing that is not so.</returns>
    private async Task<string?> LackingAsync()
    {
        foreach (var site in _fleet.Sites)
        {
            foreach (var image in _record.Images.Where(i => i.IsLive is not null))
            {
                if (!await KnowsAsync(site, image))
                {
                    return $"{site.Id} does not answer, or has not heard the last word about {image.Name}";
                }

                if (image is { IsLive: true, IsBlocked: false } && (await _fleet.ClientOf(site).GetImageAsync(image.Id.ToString(), default)).Store is { State: not "present" } store)
                {
                    return $"{image.Name} is {store.State} at {site.Id}: {store.Reason}";
                }
            }
        }

        return null;
    }

    private async Task TurnClockAsync(TestSite site)
    {
        var off = Pick(_outages, [TimeSpan.FromHours(2), TimeSpan.FromDays(2), TimeSpan.FromDays(400), TimeSpan.FromDays(3650)]) * (_outages.Next(2) == 0 ? 1 : -1);
        _record.Say($"the clock of {site.Id} is off by {off}");
        using (_record.ClockTrouble(site.Id))
        {
            FireFleet.SetClock(site, off);
            await PauseAsync(_outages.Next(2000, 6000), default);
            FireFleet.SetClock(site, TimeSpan.Zero);
        }

        _record.Count("clock jumps");
        _record.Say($"the clock of {site.Id} is right again");
    }

    private async Task BreakDatabaseAsync(TestSite site)
    {
        var (call, once) = (Pick(_outages, Enum.GetValues<DiskCall>()), _outages.Next(2) == 0);
        _record.Say($"the database of {site.Id} gets errors ({call}{(once ? ", once" : "")})");
        using (_record.DiskTrouble(site.Id))
        {
            _fleet.BreakDatabase(site, call, once);
            await PauseAsync(_outages.Next(500, 4000), default);
            _fleet.MendDatabase();
        }

        _record.Count("database errors");
        _record.Say($"the database of {site.Id} gets no errors any more");
    }

    private async Task FillDiskAsync(TestSite site)
    {
        _record.Say($"fill the disk of {site.Id}");
        using (_record.DiskTrouble(site.Id))
        using (FireFleet.FillDisk(site))
        {
            await PauseAsync(_outages.Next(1000, 5000), default);
        }

        _record.Count("full disks");
        _record.Say($"the disk of {site.Id} has room again");
    }

    /// <summary>As chown -R, and agents that make backups, do.</summary>
    private async Task TouchAgainAndAgainAsync(TestSite site)
    {
        if (_record.Images.Where(i => i.IsLive is true && !i.IsBlocked).ToList() is not { Count: > 0 } live)
        {
            return;
        }

        var (image, inStore) = (Pick(_fire, live), _fire.Next(2) == 0);
        var path = inStore ? await StoreFileAsync(site, image) : Path.Combine(FolderOf("console", site), image.Name);
        for (var touch = 0; touch < 5 && path is not null; touch++)
        {
            if (!FireDamage.Do("touched", path, _fire, () => _record.Damage(site.Id, inStore ? null : "console", image.Id)))
            {
                return;
            }

            await PauseAsync(_fire.Next(50, 300), default);
        }

        _record.Count("touched again and again");
    }

    /// <summary>Somebody who may write to the export puts a link in the place of what is hidden there, for a while.</summary>
    private async Task LinkAwayAsync(TestSite site)
    {
        var hidden = Pick(_fire, [Path.Combine(site.Console, ".isocatalog"), Path.Combine(Path.GetDirectoryName(_fleet.DomainOf(site).Files)!, ".isocatalog")]);
        var place = Pick(_fire, [hidden, .. Directory.Exists(hidden) ? Directory.GetDirectories(hidden) : []]);
        var link = Path.Combine(site.Root, "elsewhere.link");
        var elsewhere = Path.Combine(site.Root, "elsewhere");
        string[] names = [.. Directory.Exists(elsewhere) ? [] : new[] { "volume", "image-1.iso", "image-1.iso.going", "image-1.iso.12345", "x.tmp", new string('a', 64) + ".part" }];
        Directory.CreateDirectory(elsewhere);
        foreach (var name in names)
        {
            File.WriteAllText(Path.Combine(elsewhere, name), "precious");
            File.SetLastWriteTimeUtc(Path.Combine(elsewhere, name), DateTime.UnixEpoch);
        }

        File.CreateSymbolicLink(link, elsewhere);
        if (!FireDamage.Exchange(link, place))
        {
            File.Delete(link);
            return;
        }

        _record.Say($"a link in the place of {place}");
        await PauseAsync(_fire.Next(500, 4000), default);
        FireDamage.Exchange(link, place);
        File.Delete(link);
        if (Directory.GetFiles(elsewhere).Length != 6 || Directory.GetFiles(elsewhere).Any(f => File.ReadAllText(f) != "precious"))
        {
            _record.Violated($"what a link in the place of {place} led to was touched: {string.Join(' ', Directory.GetFileSystemEntries(elsewhere))}");
        }

        _record.Count("links");
    }

    private async Task<string?> StoreFileAsync(TestSite site, FireImage image)
    {
        try
        {
            return site.StoreFile(await _fleet.ClientOf(site).GetImageAsync(image.Id.ToString(), default));
        }
        catch (Exception e) when (e is ApplianceException or ApplianceUnreachableException)
        {
            return null;
        }
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
        _record.Count("floods");
    }
}
