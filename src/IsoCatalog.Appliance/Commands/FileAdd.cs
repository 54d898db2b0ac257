using IsoCatalog.Appliance.Intake;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Appliance.Commands;

/// <summary>One file on its way into the catalog and onto the surfaces.</summary>
internal sealed class FileAdd(Session session, AddWishes wishes, Steps steps)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);

    private IReadOnlyDictionary<string, CellView> _cells = new Dictionary<string, CellView>();

    /// <exception cref="ApplianceException">The site refused the file.</exception>
    public async Task<AddedFile> RunAsync(string siteName, string file, CancellationToken cancellationToken)
    {
        var path = Path.GetFullPath(file);
        if (KindOf(path) is { } kind && !SourceKind.MayBeFile(kind))
        {
            throw new VerbException(ExitCode.Refused, RefusalCode.SourceUnreadable, $"{path} is not a file: it is {SourceKind.Called(kind)}. {SourceKind.Remedy(kind, "add that")}");
        }

        var started = session.Time.GetTimestamp();
        var image = session.IsLocal ? await HandOverAsync(path, cancellationToken) : await UploadAsync(path, cancellationToken);
        var added = session.Time.GetElapsedTime(started);
        var reached = wishes.Wait ? await WaitAsync(image, siteName, cancellationToken) : (bool?)null;
        var total = session.Time.GetElapsedTime(started);
        if (reached is not false)
        {
            steps.Complete();
        }

        return new AddedFile(
            path,
            image.Id,
            image.Name,
            image.Size,
            reached,
            new AddSeconds(Rounded(added), reached is null ? null : Rounded(total - added), Rounded(total)),
            reached is null ? null : _cells,
            image.Iso.Warnings,
            image.Faults);
    }

    /// <summary>The site reads the file itself: no copy through a socket. A site that cannot (another user, a private /tmp) gets the bytes after all.</summary>
    private async Task<ImageView> HandOverAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            var job = await session.Site.AddImageAsync(
                new AddRequest(Path: path, Name: wishes.Name, Sha256: wishes.Sha256, Title: wishes.Title, Kind: wishes.Kind, Replace: wishes.Replace ? true : null),
                cancellationToken);
            return await FollowAsync(job, cancellationToken);
        }
        catch (ApplianceException refused) when (refused.Problem.Code is "source-missing" or "source-unreadable" or "not-supported" && IsReadable(path))
        {
            steps.Show("the site cannot read it; sending it", 0, 0);
            return await UploadAsync(path, cancellationToken);
        }
    }

    private async Task<ImageView> FollowAsync(JobView job, CancellationToken cancellationToken)
    {
        try
        {
            while (job.State == "running")
            {
                steps.Show(job.Step, job.Done, job.Total);
                await Task.Delay(LookAgain, session.Time, cancellationToken);
                job = await session.Site.GetJobAsync(job.Id, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            session.Screen.Note($"The site goes on adding {job.Subject}; see `isocatalog status`.");
            throw;
        }
        catch (ApplianceException unknown) when (unknown.Status == 404)
        {
            throw new VerbException(
                ExitCode.Unexpected, "add-forgotten", $"The site was restarted while it added {job.Subject}, and the add ended with it. Add it again.");
        }

        return job switch
        {
            { Problem: { } problem } => throw new ApplianceException(problem),
            { State: "done", Image: { } id } => await session.Site.GetImageAsync(id.ToString(), cancellationToken),
            _ => throw new VerbException(ExitCode.Unexpected, "add-failed", $"The site did not add {job.Subject} and did not say why. Look at its log."),
        };
    }

    private async Task<ImageView> UploadAsync(string path, CancellationToken cancellationToken)
    {
        FileStream content;
        try
        {
            content = new FileStream(Opened(path), FileAccess.Read, bufferSize: 0);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new VerbException(ExitCode.NotFound, "source-missing", $"There is no file {path}.");
        }
        catch (Exception closed) when (closed is UnauthorizedAccessException or IOException)
        {
            throw new VerbException(ExitCode.Refused, "source-unreadable", $"{path} cannot be read: {closed.Message}");
        }

        await using (content)
        {
            var length = content.Length;
            steps.Show("sending", 0, length);
            return await session.Site.UploadImageAsync(
                content,
                wishes.Name ?? Path.GetFileName(path),
                wishes.Sha256,
                wishes.Title,
                wishes.Kind,
                wishes.Replace,
                new SentBytes(sent =>
                {
                    if (sent < length)
                    {
                        steps.Show("sending", sent, length);
                    }
                    else
                    {
                        steps.Show("the site reads it back and signs it", 0, 0);
                    }
                }),
                cancellationToken);
        }
    }

    /// <returns>Whether every surface advertised the image in time.</returns>
    private async Task<bool> WaitAsync(ImageView image, string siteName, CancellationToken cancellationToken)
    {
        var started = session.Time.GetTimestamp();
        while (true)
        {
            _cells = image.Ready.GetValueOrDefault(siteName) ?? _cells;
            var waiting = _cells.Where(c => c.Value.State != CellState.Advertised).ToList();
            if (waiting.Count == 0)
            {
                return true;
            }

            steps.Show("waiting for ", _cells.Sum(c => Done(c.Value)), _cells.Count, string.Join(", ", waiting.Select(c => c.Key)));
            if (session.Time.GetElapsedTime(started) >= wishes.Timeout)
            {
                return false;
            }

            await Task.Delay(LookAgain, session.Time, cancellationToken);
            image = await session.Site.GetImageAsync(image.Id.ToString(), cancellationToken);
        }
    }

    private static double Done(CellView cell) => cell.State switch
    {
        CellState.Advertised => 1,
        CellState.Verifying => Math.Clamp(cell.Progress ?? 0, 0, 0.99),
        _ => 0,
    };

    private static double Rounded(TimeSpan span) => Math.Round(span.TotalSeconds, 3);

    private static bool IsReadable(string path)
    {
        try
        {
            using var file = Opened(path);
            return true;
        }
        catch (Exception closed) when (closed is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Waits for nobody: what a path leads to may be another thing by now.</summary>
    private static SafeFileHandle Opened(string path)
    {
        var file = DurableFile.OpenNamed(path);
        if (FileIdentity.KindOf(file) is not FileKind.Regular and var kind)
        {
            file.Dispose();
            throw new IOException($"it is {SourceKind.Called(kind)}.");
        }

        return file;
    }

    /// <summary>Null when it cannot be told here: the site may know more.</summary>
    private static FileKind? KindOf(string path)
    {
        try
        {
            return FileIdentity.KindBehind(path);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Reports at once, on the thread that sends: the order of the bytes is the order of the reports.</summary>
    private sealed class SentBytes(Action<long> show) : IProgress<long>
    {
        public void Report(long value) => show(value);
    }
}
