using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using IsoCatalog.IntegrationTests.Surfaces;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.Folders;
using IsoCatalog.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ovirt;

/// <summary>An appliance that may not give files away.</summary>
public sealed partial class OwnerTests
{
    private const uint Nobody = 65534;

    [Fact]
    public void Without_the_right_to_give_files_away_they_are_published_with_one_warning()
    {
        using var folder = new TempFolder();
        var layout = new FolderLayout(folder.Path, ["shown"], hiddenAbove: 1, retires: true, null);
        foreach (var open in new[] { folder.Path, Directory.CreateDirectory(layout.Path).FullName, Directory.CreateDirectory(layout.Hidden).FullName })
        {
            File.SetUnixFileMode(open, (UnixFileMode)Convert.ToInt32("0777", 8));
        }

        var log = new Messages();
        const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        var staging = new FolderStaging(new StagingRules(Mode, Owner: (36, 36)), layout, log);
        var images = new[] { "a.iso", "b.iso" }.Select(name => ContractImages.Put(folder.Combine("store"), name, 5000).Image).ToList();
        var outcomes = new ConcurrentQueue<SurfaceOutcome>();
        Exception? wrong = null;
        var thread = new Thread(() =>
        {
            try
            {
                // Of this thread alone, which ends with it: what root may do with files goes as well.
                _ = SetFileSystemUser(Nobody);
                using var open = layout.Open()!;
                images.ForEach(image => outcomes.Enqueue(staging.Stage(open, image, null, CancellationToken.None)));
            }
            catch (Exception e)
            {
                wrong = e;
            }
        });
        thread.Start();
        thread.Join();

        Assert.Null(wrong);
        Assert.All(outcomes, o => OvirtBench.Done(o));
        Assert.Equal(2, outcomes.Count);
        Assert.All(images, image => Assert.Equal(Mode, File.GetUnixFileMode(layout.PartOf(image))));
        Assert.Contains("36:36", Assert.Single(log), StringComparison.Ordinal);
    }

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int SetFileSystemUser(uint user);

    private sealed class Messages : ConcurrentQueue<string>, ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Enqueue(formatter(state, exception));
    }
}
