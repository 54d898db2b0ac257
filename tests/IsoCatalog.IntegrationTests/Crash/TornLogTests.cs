using System.Buffers.Binary;
using IsoCatalog.Client;
using Xunit;

namespace IsoCatalog.IntegrationTests.Crash;

/// <summary>kill -9 before the sync of a commit leaves a log whose end may never reach the disk; the next start takes it whole or not at all.</summary>
public sealed class TornLogTests
{
    private const uint LogMagic = 0x377f0682;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("whole")]
    [InlineData("cut off")]
    [InlineData("zeros")]
    [InlineData("gone")]
    public async Task A_commit_that_was_not_synced_is_there_or_not_and_never_half(string end)
    {
        await using var crash = await SiteUnderCrash.StartAsync(Cancel);
        var name = crash.NewImage();
        await crash.QuietAsync();
        var path = Path.Combine(crash.Site.Data, "isocatalog.db-wal");
        var before = (int)new FileInfo(path).Length;
        await using (var traced = await TracedSteps.AttachAsync(crash.Site, holdMs: 300, Cancel))
        {
            using var cut = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            var uploading = crash.UploadAsync(name, cut.Token);
            while (!traced.Steps().Contains("fsync isocatalog.db-wal"))
            {
                Assert.False(uploading.IsCompletedSuccessfully, "The add ended without a commit.");
                await Task.Delay(2, Cancel);
            }

            await crash.KillAsync();
            await cut.CancelAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => uploading);
        }

        // It is a real one: its header is whole, and the commit lies behind what was there.
        var log = await File.ReadAllBytesAsync(path, Cancel);
        Assert.Equal(LogMagic, BinaryPrimitives.ReadUInt32BigEndian(log) & ~1u);
        Assert.True(before > 0 && log.Length > before, $"{before} and then {log.Length}");
        var half = before + ((log.Length - before) / 2);
        await File.WriteAllBytesAsync(
            path,
            end switch
            {
                "cut off" => log[..half],
                "zeros" => [.. log[..half], .. new byte[log.Length - half]],
                "gone" => log[..before],
                _ => log,
            },
            Cancel);

        await crash.Site.StartAgainAsync(Cancel);
        await crash.CheckAsync();
        var refused = await Assert.ThrowsAsync<ApplianceException>(() => crash.Site.Client.GetImageAsync(crash.IdOf(name), Cancel));
        Assert.Equal(404, refused.Status);
        await crash.AddAsync(name);
        await crash.CheckNoDriftAsync();
    }
}
