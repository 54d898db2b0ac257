using System.IO.Pipelines;
using IsoCatalog.IntegrationTests.Scenarios;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

public sealed class SlowUploadTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Uploads_that_do_not_come_to_an_end_keep_no_other_add_waiting()
    {
        await using var site = await Scenario.StartAsync();
        var slow = new List<(byte[] Bytes, PipeWriter Pipe, Task Upload)>();
        for (var i = 0; i < 6; i++)
        {
            var (bytes, pipe, name) = (IsoBuilder.InMemory("SLOW", 40_000, 10 + i), new Pipe(), $"slow-{i}.iso");
            slow.Add((bytes, pipe.Writer, site.Client.UploadImageAsync(pipe.Reader.AsStream(), name, null, null, null, Cancel)));
            await pipe.Writer.WriteAsync(bytes.AsMemory(0, 1000), Cancel);
        }

        await TestSite.EventuallyAsync(async () => (await site.Client.GetJobsAsync(Cancel)).Jobs.Count(j => j.State == "running") == slow.Count, Cancel);
        await ApiCaller.AddAsync(site, "quick.iso", 1);
        await File.WriteAllBytesAsync(Path.Combine(site.Inbox, "dropped.iso"), IsoBuilder.InMemory("DROP", 40_000, 2), Cancel);
        await TestSite.EventuallyAsync(async () => (await site.Client.GetImagesAsync(Cancel)).Images.Count == 2, Cancel, seconds: 15);
        Assert.All(slow, s => Assert.False(s.Upload.IsCompleted));

        foreach (var (bytes, pipe, upload) in slow)
        {
            await pipe.WriteAsync(bytes.AsMemory(1000), Cancel);
            await pipe.CompleteAsync();
            await upload;
        }

        Assert.Equal(8, (await site.Client.GetImagesAsync(Cancel)).Images.Count);
    }
}
