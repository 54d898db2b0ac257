using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>
/// Brings one surface in line with what should be there. Two lanes: staging copies and reads whole images and may take minutes; showing and withdrawing
/// take milliseconds and never wait for it. What to do is <see cref="CellPlan"/>'s to say.
/// </summary>
internal sealed class SurfacePublisher(
    ISurface surface, SiteLedger ledger, CellBook cells, ImageStore store, Doubts doubts, bool together, Setbacks setbacks, TimeProvider time, ILogger<SurfacePublisher> log)
    : LastingLoop(new Restarts($"Publishing on {surface.Description.Name}", setbacks, time, log))
{
    private readonly Attempts<(ImageId Image, CellStep Step)> _attempts = new(Backoff.UpTo(TimeSpan.FromMinutes(1)), time);
    private readonly ChangeLoop _shows = new(ledger, time, log);
    private readonly ChangeLoop _stages = new(ledger, time, log);
    private readonly WaitingImages _waiting = new();
    private readonly SemaphoreSlim _observing = new(1, 1);
    private readonly LongWork _long = new();
    private readonly ShownImages _shown = new(surface, store);
    private volatile IReadOnlyList<SurfaceFinding> _foreign = [];

    public ISurface Surface => surface;

    public string Name => surface.Description.Name;

    /// <summary>What lies there and is not ours, and what else is wrong with the place though it works, as of the last look.</summary>
    public IReadOnlyList<SurfaceFinding> Foreign => _foreign;

    /// <summary>At the start, before anybody can ask: what was advertised is shown again if stat agrees, else it is doubted. Nothing stays in the list that was not
    /// compared, whatever is thought of the store's copy.</summary>
    public async Task ResumeAsync(CancellationToken cancellationToken)
    {
        await CheckAsync(cancellationToken);
        foreach (var (key, cell) in ledger.View.Cells.Where(c => c.Key.Surface == Name))
        {
            if (cell is not { State: CellState.Advertised, Evidence: { } published })
            {
                // Staged bytes are not trusted across a restart: they are cheap to make and nobody was promised them. Nor is what cannot be compared.
                if (cell.State is CellState.Staged or CellState.Verifying or CellState.Advertised)
                {
                    cells.ChangeCell(key, _ => null);
                }

                continue;
            }

            if (_shown.Served(ledger.View, key.Image, cell) is not { } image)
            {
                Doubt(key.Image, cell, ReasonCode.StoreDamaged, "The store's own copy, which it serves, is not to be relied on; it comes back once that was read.");
                continue;
            }

            switch (await surface.ResumeAsync(image, published, cancellationToken))
            {
                case SurfaceOutcome.Refused refused:
                    Doubt(key.Image, cell, CodeOf(refused), refused.Reason);
                    break;
                case SurfaceOutcome.Done { Evidence: { } now }:
                    cells.Recognise(key, cell, now);
                    break;
            }
        }
    }

    /// <summary>Looks at the place and at everything published there, without reading bytes; doubts what is not as it should be.</summary>
    public async Task ObserveAsync(CancellationToken cancellationToken)
    {
        await _observing.WaitAsync(cancellationToken);
        try
        {
            var view = ledger.View;
            var expected = view.Cells
                .Where(c => c.Key.Surface == Name && c.Value is { State: CellState.Advertised, Evidence: not null })
                .Select(c => _shown.Served(view, c.Key.Image, c.Value) is { } image ? new PublishedImage(image, c.Value.Evidence!) : null)
                .OfType<PublishedImage>()
                .ToList();
            var findings = store.Absence() is null ? await surface.ObserveAsync(expected, cancellationToken) : [];
            foreach (var finding in findings)
            {
                if (finding.Image is { } image && view.CellOf(image, Name) is { } seen)
                {
                    Doubt(image, seen, finding.Code, finding.Reason);
                }
                else if (finding.Image is { } leftover)
                {
                    await TakeAwayLeftoverAsync(leftover, cancellationToken);
                }
            }

            await CheckAsync(cancellationToken);
            _foreign = [.. findings.Where(f => f.Image is null && (f.Code == ReasonCode.ForeignFile || f.Code != Status(ledger.View).ProblemCode))];
        }
        finally
        {
            _observing.Release();
        }
    }

    /// <summary>Looks at one published image at once.</summary>
    public void Glance(ImageId image, string path, bool modified)
    {
        if (ledger.View.CellOf(image, Name) is not { State: CellState.Advertised, Evidence.FileReceipt: { } receipt } seen)
        {
            return;
        }

        var doubt = modified ? $"{path} was written to." : ImageStore.Doubt(path, receipt);
        if (doubt is not null)
        {
            var (code, then) = doubt.EndsWith("is gone.", StringComparison.Ordinal)
                ? (ReasonCode.FileMissing, "It is being published again from the store.")
                : (ReasonCode.FileChanged, "It is read again where it lies, and published again from the store if it is wrong.");
            Doubt(image, seen, code, $"{doubt} {then}");
        }
    }

    /// <summary>Reads a published image back from where it is served; for the scrub.</summary>
    public async Task VerifyAsync(ImageId id, IProgress<long>? bytesDone, CancellationToken cancellationToken)
    {
        var view = ledger.View;
        if (view.CellOf(id, Name) is not { State: CellState.Advertised, Evidence: { } published } seen || _shown.Served(view, id, seen) is not { } image)
        {
            return;
        }

        switch (await surface.VerifyAsync(image, published, bytesDone, cancellationToken))
        {
            case SurfaceOutcome.Refused refused:
                Doubt(id, seen, CodeOf(refused), refused.Reason);
                break;
            case SurfaceOutcome.Done done:
                // It may have been touched, and was read since.
                cells.Read(new CellKey(id, Name), seen, done.Evidence ?? published);
                break;
        }
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        await Task.WhenAll(_shows.RunAsync(ShowAndWithdrawAsync, stoppingToken), _stages.RunAsync(StageAsync, stoppingToken));
        await _waiting.EndAsync();
    }

    public override void Dispose()
    {
        _observing.Dispose();
        base.Dispose();
    }

    private async Task<DateTimeOffset?> ShowAndWithdrawAsync(CancellationToken cancellationToken)
    {
        // Withdrawals go side by side: what an engine has to be asked for one of them, it is asked for all.
        var (begun, withdrawals) = (time.GetUtcNow(), new List<Task>());
        foreach (var image in ledger.View.Cells.Keys.Where(k => k.Surface == Name).Select(k => k.Image))
        {
            switch (Next(image))
            {
                case CellStep.Withdraw when _waiting.Cancel(image):
                    break;
                case CellStep.Withdraw when IsDue(image, CellStep.Withdraw):
                    withdrawals.Add(TendAsync(image, CellStep.Withdraw, WithdrawAsync, cancellationToken));
                    break;
                case CellStep.Advertise when IsDue(image, CellStep.Advertise):
                    await Task.WhenAll(withdrawals);
                    if (surface.Description.WaitsForOthers)
                    {
                        _waiting.Begin(image, token => TendAsync(image, CellStep.Advertise, AdvertiseAsync, token), _shows.Wake, cancellationToken);
                    }
                    else
                    {
                        await TendAsync(image, CellStep.Advertise, AdvertiseAsync, cancellationToken);
                    }

                    break;
            }
        }

        await Task.WhenAll(withdrawals);
        return new[] { _attempts.NextAfter(begun), CellPlan.PatienceEnds(ledger.View, begun) }.Min();
    }

    private async Task<DateTimeOffset?> StageAsync(CancellationToken cancellationToken)
    {
        var begun = time.GetUtcNow();
        while (NextThatTakesTime() is { Step: var step, Image: { } image })
        {
            await TendAsync(image.Id, step, (_, token) => step == CellStep.Read ? ReadAsync(image, token) : StageAsync(image, token), cancellationToken);

            // It may have been withdrawn meanwhile, and that waited for the end of it.
            _shows.Wake();
        }

        return _attempts.NextAfter(begun);
    }

    /// <summary>What only has to be read before what has to be brought there, the oldest first; decided anew after each, because each takes its time.</summary>
    private (CellStep Step, StoredImage? Image) NextThatTakesTime()
    {
        var view = ledger.View;
        return view.Catalog.Live.Select(i => (Step: Next(i.Id), Image: i))
            .Where(n => n.Step is CellStep.Read or CellStep.Stage && IsDue(n.Image.Id, n.Step))
            .OrderBy(n => n.Step != CellStep.Read).ThenBy(n => n.Image.Value.AddedAt)
            .Select(n => (n.Step, Image: n.Step == CellStep.Read ? _shown.Of(view, n.Image.Id, view.CellOf(n.Image.Id, Name)!) : store.Stored(view, n.Image.Id)))
            .FirstOrDefault(n => n.Image is not null);
    }

    /// <summary>What goes wrong unexpectedly concerns this image alone, and is said and tried again like any other failure of the step.</summary>
    private async Task TendAsync(ImageId image, CellStep step, Func<ImageId, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(image, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Log.StepFailed(log, step, image, Name, e);
            var refused = new SurfaceOutcome.Refused(ReasonCode.WriteError, e.Message, Retryable: true);
            Action say = step switch
            {
                CellStep.Withdraw => () => StillVisible(image, refused),
                CellStep.Read => () => NotRight(image, refused),
                _ => () => Failed(new CellKey(image, Name), step, (ledger.View.FileOf(image) as StoreFile.Present)?.Receipt, listed: false, refused),
            };
            say();
        }
    }

    private async Task StageAsync(StoredImage image, CancellationToken stoppingToken)
    {
        var key = new CellKey(image.Id, Name);
        var listed = ledger.View.CellOf(image.Id, Name) is { State: CellState.Withdrawn };
        if (!cells.ChangeCell(key, view => CellOutcome.Begun(view, key, CellStep.Stage, time.GetUtcNow())))
        {
            return;
        }

        SurfaceOutcome outcome;
        using (LinkChange(image.Root))
        {
            outcome = await _long.DoAsync(image.Id, token => surface.StageAsync(image, new CellProgress(cells, key, image.Size), token), stoppingToken);
        }

        switch (outcome)
        {
            case SurfaceOutcome.Done:
                cells.ChangeCell(key, view => CellOutcome.Staged(view.Cells.GetValueOrDefault(key), time.GetUtcNow()));
                break;
            case SurfaceOutcome.Refused refused:
                Failed(key, CellStep.Stage, image.StoreReceipt, listed, refused);
                break;
        }
    }

    /// <summary>What is in doubt is left where it is until it was read: right, and it is shown again as it is; wrong, and it is taken away.</summary>
    private async Task ReadAsync(StoredImage image, CancellationToken stoppingToken)
    {
        var key = new CellKey(image.Id, Name);
        if (ledger.View.CellOf(image.Id, Name) is not { Evidence: { } published } cell
            || !cells.ChangeCell(key, view => CellOutcome.Begun(view, key, CellStep.Read, time.GetUtcNow())))
        {
            return;
        }

        // The store's own inode was read by the store.
        var whole = store.Stored(ledger.View, image.Id);
        var shared = whole is not null && _shown.InPlace(cell) is { } there && (there.Device, there.Inode) == (whole.StoreReceipt.Device, whole.StoreReceipt.Inode);
        var outcome = await _long.DoAsync(
            image.Id,
            token => shared
                ? surface.ResumeAsync(whole! with { FileName = image.FileName }, whole!.StoreReceipt, token)
                : surface.VerifyAsync(image, published, new CellProgress(cells, key, image.Size), token),
            stoppingToken);
        switch (outcome)
        {
            case SurfaceOutcome.Done { Evidence: { } now }:
                _attempts.Forget((image.Id, CellStep.Read));
                cells.ChangeCell(key, view => CellOutcome.Staged(view.Cells.GetValueOrDefault(key), time.GetUtcNow(), now));
                break;
            case SurfaceOutcome.Refused refused:
                NotRight(image.Id, refused);
                break;
        }
    }

    private async Task AdvertiseAsync(ImageId id, CancellationToken cancellationToken)
    {
        var view = ledger.View;
        var key = new CellKey(id, Name);
        if (Next(id) != CellStep.Advertise || store.Stored(view, id) is not { } image)
        {
            return;
        }

        SurfaceOutcome outcome;
        using (LinkChange(image.Root))
        {
            outcome = await surface.AdvertiseAsync(image, cancellationToken);
        }

        switch (outcome)
        {
            case SurfaceOutcome.Done { Evidence: { } evidence }:
                if (surface.Description is { ServesStoreInode: true, Folder: null })
                {
                    doubts.Freshen(id);
                }

                var shown = cells.TryAdvertise(key, evidence, image.FileName, TogetherFor(view, id));
                if (shown is Outcome<bool>.Done { Value: true })
                {
                    _attempts.Forget((id, CellStep.Stage));
                    _attempts.Forget((id, CellStep.Read));
                    _attempts.Forget((id, CellStep.Advertise));
                    // A change between the surface's own look and the ledger's entry had nobody watching yet.
                    if (surface.Description.Folder is { } folder)
                    {
                        Glance(id, Path.Combine(folder, image.FileName), modified: false);
                    }
                    else
                    {
                        doubts.StatStore(image.Root);
                    }
                }
                else
                {
                    // What clients saw before, and was only read again, is taken away when the plan says so.
                    if (ledger.View.CellOf(id, Name) is not { Evidence: not null })
                    {
                        await surface.WithdrawAsync(image, evidence, cancellationToken);
                    }

                    if (shown is Outcome<bool>.Refused { Refusal: var unrecorded })
                    {
                        Failed(key, CellStep.Advertise, image.StoreReceipt, listed: false, new SurfaceOutcome.Refused(unrecorded.Code, unrecorded.InFull, Retryable: true));
                    }
                }

                break;
            case SurfaceOutcome.Done:
                throw new InvalidOperationException($"The surface {Name} shows {id} and gave no evidence.");
            case SurfaceOutcome.Refused refused:
                Failed(key, CellStep.Advertise, image.StoreReceipt, listed: false, refused);
                break;
        }
    }

    private async Task WithdrawAsync(ImageId id, CancellationToken cancellationToken)
    {
        var (key, view) = (new CellKey(id, Name), ledger.View);
        if (_long.Cancel(id) || view.CellOf(id, Name) is not { } cell)
        {
            return;
        }

        SurfaceOutcome outcome = new SurfaceOutcome.Done();
        if (_shown.Of(view, id, cell) is { } shown)
        {
            using (LinkChange(shown.Root))
            {
                outcome = await surface.WithdrawAsync(shown, cell.Evidence, cancellationToken);
            }
        }

        if (outcome is SurfaceOutcome.Refused refused)
        {
            await CheckAsync(cancellationToken);
            StillVisible(id, refused);
            return;
        }

        _attempts.Forget((id, CellStep.Withdraw));
        cells.ChangeCell(key, newest => CellOutcome.OutOfSight(newest, key));
    }

    /// <summary>A crash between showing a file and recording it, and then a removal: nobody would ever take it away.</summary>
    private async Task TakeAwayLeftoverAsync(ImageId id, CancellationToken cancellationToken)
    {
        var view = ledger.View;
        if (view.CellOf(id, Name) is null && !view.IsWanted(id) && !view.IsHeldInSight(id, Status(view)) && view.Catalog.Images.GetValueOrDefault(id) is { } image)
        {
            await surface.WithdrawAsync(store.Stored(image, default), null, cancellationToken);
        }
    }

    /// <summary>If the cell is another one by now, the failure is no news, and what to do is decided anew.</summary>
    private void Failed(CellKey key, CellStep step, Receipt? with, bool listed, SurfaceOutcome.Refused refused)
    {
        _attempts.Failed((key.Image, step), refused.Reason, with is { } receipt ? Weighed(receipt) : null);
        if (cells.ChangeCell(key, view => CellOutcome.Failed(
            view.Cells.GetValueOrDefault(key), listed, refused.Code, refused.Reason, time.GetUtcNow())))
        {
            Log.NotPublished(log, key.Image, Name, refused.Code, refused.Reason);
        }
    }

    /// <summary>Of what changed while it was read, or could not be reached, nothing is known: it stays where it is until it was read.</summary>
    private static string CodeOf(SurfaceOutcome.Refused refused) => refused.Retryable ? ReasonCode.FileChanged : refused.Code;

    private void NotRight(ImageId image, SurfaceOutcome.Refused refused)
    {
        var key = new CellKey(image, Name);
        _attempts.Failed((image, CellStep.Read), refused.Reason);
        if (cells.ChangeCell(key, newest => CellOutcome.NotRight(newest.Cells.GetValueOrDefault(key), CodeOf(refused), refused.Reason, time.GetUtcNow())))
        {
            Log.NotPublished(log, image, Name, refused.Code, refused.Reason);
        }
    }

    private void StillVisible(ImageId image, SurfaceOutcome.Refused refused)
    {
        var key = new CellKey(image, Name);
        _attempts.Failed((image, CellStep.Withdraw), refused.Reason);
        cells.ChangeCell(key, newest => CellOutcome.StillVisible(newest.Cells.GetValueOrDefault(key), refused.Code, refused.Reason));
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        var refused = store.Absence() ?? await surface.CheckAsync(cancellationToken) as SurfaceOutcome.Refused;
        cells.SetSurface(Name, refused?.Code, refused?.Reason, surface.DataCenters);
    }

    /// <summary>Only a surface with names of its own for the store's inode moves that inode's ctime.</summary>
    private IDisposable? LinkChange(Sha256Digest root) =>
        surface.Description is { ServesStoreInode: true, Folder: not null } ? doubts.ExpectLinkChange(root) : null;

    private void Doubt(ImageId image, Cell seen, string code, string reason) => doubts.AboutPublished(image, Name, seen, _shown.InPlace(seen), code, reason);

    private CellStep Next(ImageId image)
    {
        var view = ledger.View;
        return CellPlan.Next(view, image, Status(view), TogetherFor(view, image), time.GetUtcNow());
    }

    private SurfaceStatus Status(SiteView view) => view.Surfaces.First(s => s.Name == Name);

    private bool TogetherFor(SiteView view, ImageId image) =>
        CellPlan.IsTogether(view.Catalog.Images.GetValueOrDefault(image), together);

    private bool IsDue(ImageId image, CellStep step) => _attempts.IsDue(
        (image, step), step is CellStep.Stage or CellStep.Advertise && ledger.View.FileOf(image) is StoreFile.Present present ? Weighed(present.Receipt) : null);

    /// <summary>The links of a folder's own move ctime at each try: that alone is no other file there.</summary>
    private Receipt Weighed(Receipt receipt) => surface.Description.Folder is null ? receipt : receipt with { ChangedNs = 0 };
}
