using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Folders;

namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>
/// Files of the domain that were taken out of sight. A machine that had one open reads on, so one is deleted only after its grace, when the engine does not list it any
/// more, and when no machine has it in its drive, which is asked once again: what is not known keeps it.
/// </summary>
internal sealed class RetiredFiles(ImageFolder folder, EngineDomain engine, string shown, OvirtIsoDomainOptions options, TimeProvider time)
{
    private readonly Lock _gate = new();
    private Task _cleaning = Task.CompletedTask;
    private DateTimeOffset _asked = DateTimeOffset.MinValue;
    private volatile IReadOnlyList<SurfaceFinding> _held = [];

    /// <summary>Those that would be deleted if somebody did not keep them.</summary>
    public IReadOnlyList<SurfaceFinding> Held => _held;

    /// <summary>Names that were taken away so short before the engine looked that a host may have remembered them.</summary>
    public async Task<IEnumerable<string>> StillRememberedAsync(CancellationToken cancellationToken) =>
        engine.News.List is { } list ? (await folder.RetiredAsync(cancellationToken)).Where(f => list.Began - f.Withdrawn < options.Timing.Lag).Select(f => f.FileName) : [];

    /// <summary>One at a time; who comes meanwhile waits for that one.</summary>
    public Task CleanAsync()
    {
        lock (_gate)
        {
            return _cleaning.IsCompleted ? _cleaning = CleanNowAsync() : _cleaning;
        }
    }

    /// <summary>Waits for the end of what is under way, after the engine's own end.</summary>
    public Task EndAsync() => _cleaning.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    private async Task CleanNowAsync()
    {
        var now = time.GetUtcNow();
        var due = (await folder.RetiredAsync(CancellationToken.None)).Where(f => f.Withdrawn < now - options.Grace && IsUnlisted(f)).ToList();
        if (due.Count == 0)
        {
            _held = [];
        }
        else if ((now - _asked).Duration() >= options.Timing.Routine)
        {
            _asked = now;
            _held = [.. (await Task.WhenAll(due.Select(SettleAsync))).OfType<SurfaceFinding>()];
        }
    }

    /// <summary>The engine looked since, and does not list it; or it lists what lies there under that name now.</summary>
    private bool IsUnlisted(RetiredFile file) => engine.News.List is { } list && list.Began > file.Withdrawn
        && (!list.Names.Contains(file.FileName) || FileIdentity.KindOf(Path.Combine(shown, file.FileName)) != FileKind.Missing);

    private async Task<SurfaceFinding?> SettleAsync(RetiredFile file)
    {
        try
        {
            if (await engine.HolderAsync(file.FileName, now: true, CancellationToken.None) is { } machine)
            {
                return new SurfaceFinding(
                    null,
                    ReasonCode.HeldByMachine,
                    $"The virtual machine {machine} has {file.FileName} in its drive, and may be reading the file that was taken away under that name: {file.Path} is kept, and its {file.Size:N0} bytes are "
                    + "not free yet. Eject it there, and the file goes.",
                    file.Path);
            }
        }
        catch (EngineException unknown)
        {
            return new SurfaceFinding(
                null, unknown.Code, $"Whether a virtual machine has {file.FileName} in its drive is not known, so {file.Path} is kept for now: {unknown.Message}", file.Path);
        }

        await folder.DeleteRetiredAsync(file, CancellationToken.None);
        return null;
    }
}
