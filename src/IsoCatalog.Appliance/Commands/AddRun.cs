using System.Threading.Channels;
using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;

namespace IsoCatalog.Appliance.Commands;

/// <summary>
/// All files of one <c>add</c>. One after the other is read; what was read is followed to the surfaces while the next ones are read, so that all of them wait at once.
/// What became of each is said in the order of the arguments.
/// </summary>
internal sealed class AddRun(Session session, string site, AddWishes wishes, Bars bars)
{
    /// <summary>How many names a line is to hold.</summary>
    private const int Named = 10;

    private readonly Screen _screen = session.Screen;
    private readonly Channel<Ended> _ended = Channel.CreateUnbounded<Ended>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly List<string> _added = [];
    private readonly List<string> _late = [];
    private readonly List<string> _refused = [];
    private int _result = ExitCode.Ok;
    private int _begun;

    /// <summary>When the last file was read; 0 while it is not.</summary>
    private long _lastRead;

    /// <summary>What the reading of a file ended with: one of both.</summary>
    private sealed record Ended(string File, ReadFile? Read, Problem? Problem = null, int Code = ExitCode.Ok);

    /// <param name="paths">Each once.</param>
    /// <returns>What the first file that failed ended with.</returns>
    public async Task<int> RunAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = ReadAsync(paths, stop.Token);
        var following = FollowAsync(stop.Token);
        if (await Task.WhenAny(reading, following) is { IsCompletedSuccessfully: false })
        {
            await stop.CancelAsync();
        }

        try
        {
            await Task.WhenAll(reading, following);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // They are safe all the same, and who asked wants to know their ids.
            while (_ended.Reader.TryRead(out var ended))
            {
                Tell(ended);
            }

            SayWhatGoesOn(paths);
            throw;
        }

        if (paths.Count > 1)
        {
            _screen.Line(Summary());
        }

        return _result;
    }

    /// <summary>Such as: 18 added, 2 refused: a.iso (not an iso), b.iso (name taken).</summary>
    private string Summary()
    {
        var late = _late.Count == 0 ? "" : $" ({_late.Count} of them not advertised everywhere yet: {Some(_late)})";
        return $"{_added.Count + _late.Count} added{late}{(_refused.Count == 0 ? "" : $", {_refused.Count} refused: {Some(_refused)}")}";
    }

    private async Task ReadAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var patience = new SitePatience(session, wishes.Timeout, seen: wishes.Wait);
        Ended? gone = null;
        foreach (var path in paths)
        {
            _begun++;
            using var steps = bars.Add(Path.GetFileName(path) + (paths.Count == 1 ? "" : $" ({_begun} of {paths.Count})"));
            Ended ended;
            try
            {
                ended = gone is null ? new Ended(path, await new FileAdd(session, wishes, patience, steps).RunAsync(path, cancellationToken)) : gone with { File = path };
            }
            catch (ApplianceException refused)
            {
                ended = new Ended(path, null, refused.Problem, ExitCode.Of(refused.Problem));
            }
            catch (VerbException refused)
            {
                ended = new Ended(path, null, refused.Problem, refused.ExitCode);
            }
            catch (ApplianceUnreachableException unreachable) when (patience.Seen)
            {
                ended = new Ended(path, null, Verb.ProblemOf(unreachable), ExitCode.Of(unreachable));
                gone = unreachable.Reason is UnreachableReason.NotConnected ? ended : null;
            }

            // At once: what is said on stdout waits for its turn.
            if (ended.Problem is { } problem && (gone is null || gone == ended))
            {
                _screen.ToError("error: " + problem.Detail);
            }

            _ended.Writer.TryWrite(ended);
        }

        Volatile.Write(ref _lastRead, session.Time.GetTimestamp());
        _ended.Writer.Complete();
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        var patience = new SitePatience(session, wishes.Timeout, seen: true);
        using var steps = bars.Add("");
        await foreach (var ended in _ended.Reader.ReadAllAsync(cancellationToken))
        {
            if (ended.Read is { } read && wishes.Wait)
            {
                await FollowAsync(read, patience, steps, cancellationToken);
            }
            else
            {
                Tell(ended);
            }
        }
    }

    /// <summary>Of a file that is not followed any further.</summary>
    private void Tell(Ended ended)
    {
        if (ended.Read is { } read)
        {
            Tell(read, wishes.Wait
                ? new Reached(read.Image, false, session.Time.GetElapsedTime(read.Added), read.Image.Ready.GetValueOrDefault(site))
                : new Reached(read.Image, null, default, null));
        }
        else
        {
            Refuse(ended.File, ended.Problem!, ended.Code);
        }
    }

    private bool IsOver() => Volatile.Read(ref _lastRead) is not 0 and var last && session.Time.GetElapsedTime(last) >= wishes.Timeout;

    private async Task FollowAsync(ReadFile read, SitePatience patience, Steps steps, CancellationToken cancellationToken)
    {
        var wait = new SurfaceWait(session, site, patience, IsOver, steps);
        try
        {
            Tell(read, await wait.RunAsync(read, cancellationToken));
        }
        catch (ApplianceException refused)
        {
            _screen.ToError("error: " + refused.Problem.Detail);
            Refuse(read.Path, refused.Problem, ExitCode.Of(refused.Problem));
        }
        catch (VerbException refused)
        {
            _screen.ToError("error: " + refused.Problem.Detail);
            Refuse(read.Path, refused.Problem, refused.ExitCode);
        }
        catch (OperationCanceledException)
        {
            Tell(read, wait.Last with { Advertised = false });
            throw;
        }
    }

    private void Tell(ReadFile read, Reached reached)
    {
        var image = reached.Image;
        var added = new AddedFile(
            read.Path,
            image.Id,
            image.Name,
            image.Size,
            reached.Advertised,
            new AddSeconds(Rounded(read.Taken), reached.Advertised is null ? null : Rounded(reached.Waited), Rounded(read.Taken + reached.Waited)),
            reached.Cells,
            image.Iso.Warnings,
            image.Faults);
        _screen.Object(added, CommandJson.Readable.AddedFile);
        _screen.Value(added.Id.ToString());
        _screen.Line($"{added.Name}  {added.Id}  {Plain.Size(added.Size)}");
        if (reached.Advertised is false)
        {
            _late.Add(image.Name);
            foreach (var (surface, cell) in reached.Cells ?? new Dictionary<string, CellView>())
            {
                _screen.Line($"  {surface}: {CellText.State(cell)}{(cell.Reason is { } reason ? " - " + reason : "")}");
            }
        }
        else
        {
            _added.Add(image.Name);
            _screen.Line($"  added in {added.Seconds.Add:0.0} s"
                + (added.Advertised is null ? ", not waited for"
                    : added.Surfaces is { Count: 0 } ? "; the site has no surfaces that could advertise it"
                    : $", advertised {added.Seconds.Advertise:0.0} s later on {string.Join(", ", added.Surfaces!.Keys)}"));
        }

        Warn(added);
        if (reached.Advertised is false && IsOver())
        {
            _screen.ToError(
                $"error: {added.Name} was added and is safe, but was not advertised everywhere within {Plain.Span(wishes.Timeout)}. "
                + $"The site goes on; see `isocatalog show {added.Name}`.");
        }

        Count(reached.Advertised is false ? ExitCode.TimedOut : ExitCode.Ok);
    }

    private void Warn(AddedFile added)
    {
        foreach (var warning in added.Warnings)
        {
            _screen.Warning($"{added.Name}: {warning}");
        }

        if (added.Faults is { } faults)
        {
            _screen.Warning($"{added.Name}: it would have been refused, and was taken because its SHA-256 is the one given by {faults.HashBy}. Lists and drift go on saying so.");
        }
    }

    private void Refuse(string file, Problem problem, int code)
    {
        var title = problem.Title.Length > 0 ? problem.Title : problem.Code;
        _refused.Add($"{Path.GetFileName(file)} ({char.ToLowerInvariant(title[0])}{title[1..]})");
        _screen.Object(
            new RefusedFile(file, problem.Type, problem.Title, problem.Status, problem.Detail, problem.Image), CommandJson.Readable.RefusedFile);
        Count(code);
    }

    /// <summary>Files end in the order of the arguments, so the first that failed is always the same.</summary>
    private void Count(int code) => _result = _result == ExitCode.Ok ? code : _result;

    private void SayWhatGoesOn(IReadOnlyList<string> paths)
    {
        if (_late.Count > 0)
        {
            _screen.Note($"Added and safe, and on the way to the surfaces without this: {Some(_late)}. See `isocatalog status`.");
        }

        if (_begun < paths.Count)
        {
            _screen.Note($"Not read: {Some([.. paths.Skip(_begun).Select(p => Path.GetFileName(p)!)])}.");
        }
    }

    private static string Some(List<string> names) =>
        string.Join(", ", names.Take(Named)) + (names.Count > Named ? $" and {names.Count - Named} more" : "");

    private static double Rounded(TimeSpan span) => Math.Round(span.TotalSeconds, 3);
}
