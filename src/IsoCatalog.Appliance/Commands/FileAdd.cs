using IsoCatalog.Appliance.Intake;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Appliance.Commands;

/// <summary>An image that the site has, and where its file was.</summary>
/// <param name="Added">When, by the clock of the wait.</param>
internal sealed record ReadFile(string Path, ImageView Image, TimeSpan Taken, long Added);

/// <summary>One file on its way into the catalog.</summary>
internal sealed class FileAdd(Session session, AddWishes wishes, SitePatience patience, Steps steps)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);

    /// <exception cref="ApplianceException">The site refused the file.</exception>
    public async Task<ReadFile> RunAsync(string path, CancellationToken cancellationToken)
    {
        if (KindOf(path) is { } kind && !SourceKind.MayBeFile(kind))
        {
            throw new VerbException(ExitCode.Refused, RefusalCode.SourceUnreadable, $"{path} is not a file: it is {SourceKind.Called(kind)}. {SourceKind.Remedy(kind, "add that")}");
        }

        var started = session.Time.GetTimestamp();
        var image = session.IsLocal ? await HandOverAsync(path, cancellationToken) : await UploadAsync(path, cancellationToken);
        var now = session.Time.GetTimestamp();
        return new ReadFile(path, image, session.Time.GetElapsedTime(started, now), now);
    }

    /// <summary>The site reads the file itself: no copy through a socket. A site that cannot (another user, a private /tmp) gets the bytes after all.</summary>
    private async Task<ImageView> HandOverAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            var request = new AddRequest(Path: path, Name: wishes.Name, Sha256: wishes.Sha256, Title: wishes.Title, Kind: wishes.Kind, Replace: wishes.Replace ? true : null);
            var job = await patience.SendAsync(() => session.Site.AddImageAsync(request, cancellationToken), cancellationToken);
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
                var id = job.Id;
                job = await patience.AskAsync(() => session.Site.GetJobAsync(id, cancellationToken), cancellationToken);
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
            { State: "done", Image: { } id } => await patience.AskAsync(() => session.Site.GetImageAsync(id.ToString(), cancellationToken), cancellationToken),
            _ => throw new VerbException(ExitCode.Unexpected, "add-failed", $"The site did not add {job.Subject} and did not say why. Look at its log."),
        };
    }

    private Task<ImageView> UploadAsync(string path, CancellationToken cancellationToken) =>
        patience.SendAsync(() => UploadOnceAsync(path, cancellationToken), cancellationToken);

    private async Task<ImageView> UploadOnceAsync(string path, CancellationToken cancellationToken)
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
            try
            {
                return await session.Site.UploadImageAsync(
                    content, wishes.Name ?? Path.GetFileName(path), wishes.Sha256, wishes.Title, wishes.Kind, wishes.Replace, new SentBytes(Sent), cancellationToken);
            }
            catch (OperationCanceledException)
            {
                session.Screen.Note($"{path} was being sent, and is not added.");
                throw;
            }

            void Sent(long sent)
            {
                if (sent < length)
                {
                    steps.Show("sending", sent, length);
                }
                else
                {
                    steps.Show("the site reads it back and signs it", 0, 0);
                }
            }
        }
    }

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
