using System.Buffers.Binary;
using IsoCatalog.Client;
using Xunit;

namespace IsoCatalog.IntegrationTests.Crash;

/// <summary>kill -9 in the middle of a commit leaves a hot rollback journal; the next start takes the half commit back.</summary>
public sealed class HotJournalTests
{
    private static readonly byte[] JournalMagic = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("fsync isocatalog.db")]
    [InlineData("unlink isocatalog.db-journal")]
    public async Task A_commit_that_was_cut_off_is_taken_back_at_the_next_start(string step)
    {
        await using var crash = await SiteUnderCrash.StartAsync(Cancel);
        var name = crash.NewImage();
        await crash.QuietAsync();
        var database = Path.Combine(crash.Site.Data, "isocatalog.db");
        var before = await File.ReadAllBytesAsync(database, Cancel);
        await using (var traced = await TracedSteps.AttachAsync(crash.Site, holdMs: 300, Cancel))
        {
            using var cut = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            var uploading = crash.UploadAsync(name, cut.Token);
            while (!traced.Steps().Contains(step))
            {
                Assert.False(uploading.IsCompletedSuccessfully, $"The add ended without '{step}'.");
                await Task.Delay(2, Cancel);
            }

            await crash.KillAsync();
            await cut.CancelAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => uploading);
        }

        // It is a real one: its header is whole, and the database has pages of the new state already.
        var journal = await File.ReadAllBytesAsync(database + "-journal", Cancel);
        Assert.Equal(JournalMagic, journal[..8]);
        Assert.True(BinaryPrimitives.ReadInt32BigEndian(journal.AsSpan(8)) > 0);
        Assert.NotEqual(before, await File.ReadAllBytesAsync(database, Cancel));

        await crash.Site.StartAgainAsync(Cancel);
        Assert.False(File.Exists(database + "-journal"));
        await crash.CheckAsync();
        var refused = await Assert.ThrowsAsync<ApplianceException>(() => crash.Site.Client.GetImageAsync(crash.IdOf(name), Cancel));
        Assert.Equal(404, refused.Status);
        await crash.AddAsync(name);
        await crash.CheckNoDriftAsync();
    }
}
