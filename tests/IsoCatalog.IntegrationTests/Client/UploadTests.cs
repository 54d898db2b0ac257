using System.Security.Cryptography;
using IsoCatalog.Client;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace IsoCatalog.IntegrationTests.Client;

public sealed class UploadTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_bytes_arrive_as_they_are_and_their_count_is_told()
    {
        await using var site = await ScriptedSite.StartAsync();
        var bytes = RandomNumberGenerator.GetBytes(3_500_001);
        byte[]? arrived = null;
        long? announced = null;
        site.On("POST /api/v1/images", async http =>
        {
            announced = http.Request.ContentLength;
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body, http.RequestAborted);
            arrived = body.ToArray();
            http.Response.StatusCode = 201;
            await http.Response.WriteAsJsonAsync(Samples.Image(), ApiJson.Default.ImageView, cancellationToken: http.RequestAborted);
        });
        using var client = site.Client();
        var progress = new Heard();

        await client.UploadImageAsync(
            new MemoryStream(bytes), "My file.iso", Samples.Id("abc").Sha256, "A & B", "live", replace: true, progress, Token);

        Assert.Equal(bytes, arrived);
        Assert.Equal(bytes.Length, announced);
        Assert.Equal(bytes.Length, progress.Values[^1]);
        Assert.Equal(progress.Values.Order(), progress.Values);
        Assert.Equal($"POST /api/v1/images?name=My%20file.iso&sha256={Samples.Id("abc").Sha256}&title=A%20%26%20B&kind=live&replace=true", site.Requests[0].ToString());
        Assert.Equal("application/octet-stream", site.Requests[0].Headers.ContentType);
    }

    [Fact]
    public async Task A_refusal_comes_before_the_bytes_travel()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.Refuse("POST /api/v1/images", 409, "name-taken", "The name is taken.");
        using var client = site.Client();
        var progress = new Heard();

        var refused = await Assert.ThrowsAsync<ApplianceException>(() =>
            client.UploadImageAsync(new MemoryStream(new byte[64 << 20]), "a.iso", null, null, progress, Token));

        Assert.Equal("name-taken", refused.Problem.Code);
        Assert.Empty(progress.Values);
    }

    [Fact]
    public async Task There_is_no_limit_of_time()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("POST /api/v1/images", async http =>
        {
            await http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted);
            await Task.Delay(TimeSpan.FromSeconds(1), http.RequestAborted);
            http.Response.StatusCode = 201;
            await http.Response.WriteAsJsonAsync(Samples.Image(), ApiJson.Default.ImageView, cancellationToken: http.RequestAborted);
        });
        using var client = site.Client(new ApplianceClientOptions { TryTimeout = TimeSpan.FromMilliseconds(100) });

        Assert.Equal("debian.iso", (await client.UploadImageAsync(new MemoryStream([1, 2, 3]), "a.iso", null, null, null, Token)).Name);
    }

    [Fact]
    public async Task A_source_that_cannot_be_read_is_not_blamed_on_the_site()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("POST /api/v1/images", http => http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted));
        using var client = site.Client();

        var failure = await Assert.ThrowsAsync<IOException>(() => client.UploadImageAsync(new BrokenDisk(), "a.iso", null, null, null, Token));

        Assert.Equal("The disk is broken.", failure.Message);
    }

    private sealed class Heard : IProgress<long>
    {
        public List<long> Values { get; } = [];

        public void Report(long value) => Values.Add(value);
    }

    private sealed class BrokenDisk : MemoryStream
    {
        public BrokenDisk()
            : base(new byte[1 << 20])
        {
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("The disk is broken.");
    }
}
