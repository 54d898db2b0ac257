using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Folders;
using Microsoft.Extensions.Logging;

namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>
/// The ISO storage domain of an oVirt engine: files in the domain's one image folder, offered once the engine lists them. The file side is an
/// <see cref="ImageFolder"/>; the engine's side is an <see cref="EngineDomain"/>. docs/ovirt.md says what an operator sees.
/// </summary>
public sealed class OvirtIsoDomainSurface : IEngineList
{
    private const UnixFileMode ReadableByAll =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly OvirtIsoDomainOptions _options;
    private readonly IsoDomain _domain;
    private readonly FolderLayout _layout;
    private readonly ImageFolder _folder;
    private readonly EngineDomain _engine;
    private readonly RetiredFiles _retired;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();

    // Images that lie there and that the engine stopped listing: out of its users' sight without our moving them.
    private readonly HashSet<ImageId> _unlisted = [];

    // Images that are of no list, so that nobody else says who holds them here.
    private readonly Dictionary<ImageId, SurfaceFinding> _heldLeftovers = [];

    /// <param name="options">Validated by the caller.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Tells what was moved aside.</param>
    public OvirtIsoDomainSurface(OvirtIsoDomainOptions options, TimeProvider time, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = time;
        _domain = new IsoDomain(options.Path, options.Domain);
        _layout = new FolderLayout(_domain.Export, _domain.Way, hiddenAbove: 1, retires: true, logger);
        _folder = new ImageFolder(
            options.Name,
            _layout,
            new StagingRules(ReadableByAll, Owner: (IsoDomain.Vdsm, IsoDomain.Kvm), Reserve: options.Reserve),
            (open, _) => Task.FromResult(_domain.Absence(open) ?? _layout.WriteRefusal()),
            logger);
        _engine = new EngineDomain(new EngineClient(options, time), options.Timing, Breaker, time);
        _retired = new RetiredFiles(_folder, _engine, _layout.Path, options, time);
        Description = new SurfaceDescription(options.Name, "ovirt-iso-domain", options.Group, ServesStoreInode: false, _layout.Path, WaitsForOthers: true);
    }

    public SurfaceDescription Description { get; }

    public IReadOnlyList<DataCenter> DataCenters => _engine.News.DataCenters;

    public EngineFigures Figures => new(_engine.Refreshes, _engine.Failures, _engine.News is { Look: not null, LookFailure: null }, Drift);

    /// <summary>Names in the engine's list and not in the folder, or the other way round, as of the last comparison.</summary>
    private int Drift { get; set; }

    public async Task<SurfaceOutcome> CheckAsync(CancellationToken cancellationToken)
    {
        // Also when the folder is not as it should be: what is wrong with the engine is said all the same.
        var look = _engine.LookAsync();
        if (await _folder.CheckAsync(cancellationToken) is SurfaceOutcome.Refused unusable)
        {
            return unusable;
        }

        await PatientlyAsync(look, cancellationToken);
        if (NeedsRefresh(_engine.News))
        {
            var refresh = _engine.RefreshAsync();
            if (_engine.News.List is null)
            {
                await PatientlyAsync(refresh, cancellationToken);
            }
        }

        await PatientlyAsync(_retired.CleanAsync(), cancellationToken);
        return EngineVerdict.Of(_engine.News, _options.Timing, _time.GetUtcNow()) ?? (SurfaceOutcome)new SurfaceOutcome.Done();
    }

    public async Task<SurfaceOutcome> StageAsync(StoredImage image, IProgress<long>? bytesDone, CancellationToken cancellationToken)
    {
        // It is in place, read back, and only the engine did not list it: nothing is moved for that.
        if (await _folder.PublishedAsync(image, cancellationToken) is { } placed)
        {
            return new SurfaceOutcome.Done(placed);
        }

        return await _folder.StageAsync(image, bytesDone, cancellationToken);
    }

    public async Task<SurfaceOutcome> AdvertiseAsync(StoredImage image, CancellationToken cancellationToken)
    {
        var outcome = await _folder.AdvertiseAsync(image, cancellationToken);
        if (outcome is not SurfaceOutcome.Done { Evidence: { } placed })
        {
            return outcome;
        }

        if (Unreadable(image) is { } unreadable)
        {
            return unreadable;
        }

        if (await _engine.ConfirmAsync(image.FileName, cancellationToken) is SurfaceOutcome.Refused unconfirmed)
        {
            return unconfirmed;
        }

        lock (_gate)
        {
            _unlisted.Remove(image.Id);
        }

        return await _folder.PublishedAsync(image, cancellationToken) == placed.FileReceipt
            ? outcome
            : new SurfaceOutcome.Refused(
                ReasonCode.FileChanged, $"{_layout.NameOf(image)} changed while the engine was asked to list it; it is published anew.", Retryable: true);
    }

    public async Task<SurfaceOutcome> WithdrawAsync(StoredImage image, Evidence? published, CancellationToken cancellationToken)
    {
        bool unlisted;
        lock (_gate)
        {
            unlisted = _unlisted.Remove(image.Id);
        }

        if (unlisted && await _folder.PublishedAsync(image, cancellationToken) is not null)
        {
            return new SurfaceOutcome.Done();
        }

        // Also after a restart, and of what only a note says that it is ours: a machine may have got it before.
        var held = await _folder.IsOursAsync(image, published, cancellationToken) ? await HeldAsync(image, cancellationToken) : null;
        Remember(image.Id, published is null ? held : null);
        if (held is not null)
        {
            return held;
        }

        var there = FileIdentity.KindOf(_layout.NameOf(image)) != FileKind.Missing;
        var outcome = await _folder.WithdrawAsync(image, published, cancellationToken);
        if (there && outcome is SurfaceOutcome.Done)
        {
            // So that the engine does not go on offering it; it is looked at in the next comparison.
            _ = _engine.RefreshAsync();
        }

        return outcome;
    }

    public Task<SurfaceOutcome> ResumeAsync(StoredImage image, Evidence published, CancellationToken cancellationToken) =>
        _folder.ResumeAsync(image, published, cancellationToken);

    public Task<SurfaceOutcome> VerifyAsync(
        StoredImage image, Evidence published, IProgress<long>? bytesDone, CancellationToken cancellationToken) =>
        _folder.VerifyAsync(image, published, bytesDone, cancellationToken);

    public async Task<IReadOnlyList<SurfaceFinding>> ObserveAsync(
        IReadOnlyCollection<PublishedImage> expected, CancellationToken cancellationToken)
    {
        var inFolder = await _folder.ObserveAsync(expected, cancellationToken);
        var (listing, unlistable) = Listing(cancellationToken);
        var news = _engine.News;

        // What is wrong with the engine is wrong whether or not the folder can be looked at.
        List<SurfaceFinding> findings = [.. EngineVerdict.Warnings(news), .. _retired.Held, .. HeldLeftovers(inFolder)];
        if (listing is null)
        {
            return [.. inFolder, .. unlistable is null || inFolder.Count > 0 ? [] : (SurfaceFinding[])[new(null, unlistable.Code, unlistable.Reason)], .. findings];
        }

        var wrong = inFolder.Select(f => f.Image).OfType<ImageId>().ToHashSet();
        var wrongNames = expected.Where(e => wrong.Contains(e.Image.Id)).Select(e => e.Image.FileName).ToHashSet(StringComparer.Ordinal);
        var inFolderNames = listing.Entries.Select(e => e.Name).Concat(wrongNames).Concat(await _retired.StillRememberedAsync(cancellationToken)).ToHashSet(StringComparer.Ordinal);
        var notListed = expected.Where(e => news.List is { } list && !wrong.Contains(e.Image.Id) && !list.Names.Contains(e.Image.FileName)).ToList();
        var tooMany = EngineVerdict.TooMany(news, inFolderNames, _options.Timing.Floor).Where(listing.Sees).ToList();
        Drift = notListed.Count + tooMany.Count;
        lock (_gate)
        {
            _unlisted.UnionWith(notListed.Select(e => e.Image.Id));
        }

        return
        [
            .. inFolder.Select(f => Explained(f, expected, listing)),
            .. listing.Findings(_layout.Path, wrongNames),
            .. notListed.Select(e => new SurfaceFinding(
                e.Image.Id, ReasonCode.EngineNotListed, $"The engine does not list {e.Image.FileName} any more, though it lies in {_layout.Path} as it should.")),
            .. tooMany.Select(name => new SurfaceFinding(
                null,
                ReasonCode.EngineListsMore,
                $"The engine lists {FolderObservation.Printable(name)}, which is not in {_layout.Path}: does its host mount another export, or an old state of this one?")),
            .. findings,
        ];
    }

    public async Task<(SurfaceOutcome Outcome, IReadOnlyList<string> Listed)> RefreshAsync(CancellationToken cancellationToken)
    {
        var outcome = await _engine.RefreshAsync().WaitAsync(cancellationToken);
        return (outcome, outcome is SurfaceOutcome.Done ? [.. _engine.News.List!.Names.Order(StringComparer.Ordinal)] : []);
    }

    public SurfaceMount MountOf(StoredImage image, Evidence? published) => new(DomainId: _options.Domain.ToString("D"), FileId: image.FileName);

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        await _retired.EndAsync();
        _folder.Dispose();
    }

    /// <summary>A changed mode is a changed file; the engine's side of it is said too.</summary>
    private static SurfaceFinding Explained(SurfaceFinding finding, IReadOnlyCollection<PublishedImage> expected, DomainListing listing) =>
        finding.Image is { } id && expected.FirstOrDefault(e => e.Image.Id == id)?.Image.FileName is { } name
            && listing.Entries.FirstOrDefault(e => e.Name == name) is { Fate: not EntryFate.Listed } entry
            ? finding with { Reason = $"{finding.Reason} Of {name}: {entry.Why}" }
            : finding;

    private bool NeedsRefresh(EngineNews news) => news.Look is { } look && look.ActiveIds.Any() && _engine.Pause == TimeSpan.Zero
        && (OlderThan(news, _options.Timing.Routine) || news.RefreshFailure is not null || look.ActiveIds.Any(id => !news.List!.DataCenters.Contains(id)));

    private bool OlderThan(EngineNews news, TimeSpan age) => news.List is not { } list || _time.GetUtcNow() - list.Began > age;

    private async Task PatientlyAsync(Task task, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(_options.Timing.Patience, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // It goes on; the next check sees what came of it.
        }
    }

    /// <returns>What hosts would list, or why that cannot be said.</returns>
    private (DomainListing? Listing, SurfaceOutcome.Refused? Why) Listing(CancellationToken cancellationToken)
    {
        try
        {
            using var open = _layout.Open();
            return _domain.Absence(open) is { } absent ? (null, absent) : (DomainListing.Of(_layout.Path, cancellationToken), null);
        }
        catch (Exception exception) when (DiskFault.IsOutside(exception))
        {
            return (null, new(ReasonCode.ReadError, $"Cannot look into {_layout.Path}: {exception.Message}", Retryable: true));
        }
    }

    private string? Breaker() => Listing(CancellationToken.None).Listing?.Breaker(_layout.Path);

    private void Remember(ImageId image, SurfaceOutcome.Refused? held)
    {
        lock (_gate)
        {
            if (held is null)
            {
                _heldLeftovers.Remove(image);
            }
            else
            {
                _heldLeftovers[image] = new SurfaceFinding(null, held.Code, held.Reason, image.ToString());
            }
        }
    }

    private List<SurfaceFinding> HeldLeftovers(IReadOnlyList<SurfaceFinding> inFolder)
    {
        lock (_gate)
        {
            foreach (var gone in _heldLeftovers.Keys.Except(inFolder.Select(f => f.Image).OfType<ImageId>()).ToList())
            {
                _heldLeftovers.Remove(gone);
            }

            return [.. _heldLeftovers.Values];
        }
    }

    private SurfaceOutcome.Refused? Unreadable(StoredImage image)
    {
        var stat = FileStat.Of(_layout.NameOf(image));
        var entry = DomainListing.Judge(image.FileName, stat, stat);
        return entry.Fate == EntryFate.Listed
            ? null
            : new(ReasonCode.DomainUnlistable, $"{_layout.NameOf(image)}: {entry.Why}", Retryable: true);
    }

    private async Task<SurfaceOutcome.Refused?> HeldAsync(StoredImage image, CancellationToken cancellationToken)
    {
        try
        {
            return await _engine.HolderAsync(image.FileName, now: false, cancellationToken) is { } machine
                ? new(
                    ReasonCode.HeldByMachine,
                    $"The virtual machine {machine} has {image.FileName} in its drive. It is offered to nobody any more; eject it there, and the file goes. "
                    + $"Until then its {image.Size:N0} bytes in {_layout.Path} are not free.",
                    Retryable: true)
                : null;
        }
        catch (EngineException unknown)
        {
            return new(
                unknown.Code,
                $"Whether a virtual machine has {image.FileName} in its drive is not known, so the file stays for now: {unknown.Message}",
                Retryable: true);
        }
    }
}
