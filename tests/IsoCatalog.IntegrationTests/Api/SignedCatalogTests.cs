using System.Text;
using System.Text.Json;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

/// <summary>The signed catalog of a real site, checked without any of our code.</summary>
public sealed class SignedCatalogTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OpenSSL_alone_verifies_the_catalog_and_notices_a_changed_byte()
    {
        await using var site = await TestSite.StartAsync(Cancel);
        var image = await ApiCaller.AddAsync(site, "one.iso", 1);
        using var envelope = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(site.Data, "catalog", "ams.json"), Cancel));
        var payload = envelope.RootElement.GetProperty("payload").GetBytesFromBase64();
        var type = envelope.RootElement.GetProperty("payloadType").GetString()!;
        var signature = Path.Combine(site.Root, "sig");
        await File.WriteAllBytesAsync(signature, envelope.RootElement.GetProperty("signatures")[0].GetProperty("sig").GetBytesFromBase64(), Cancel);
        var privateKey = Path.Combine(site.Data, "keys", "site-sign.pem");
        var publicKey = Path.Combine(site.Root, "pub.pem");
        (await Counterpart.RunAsync("openssl", ["pkey", "-in", privateKey, "-pubout", "-out", publicKey], Cancel)).Succeeded();

        Assert.Contains("Verified OK", await Verify(payload), StringComparison.Ordinal);
        payload[^2] ^= 1;
        Assert.Contains("Verification failure", await Verify(payload), StringComparison.OrdinalIgnoreCase);
        payload[^2] ^= 1;
        using var document = JsonDocument.Parse(payload);
        Assert.Equal(JsonValueKind.Null, document.RootElement.GetProperty("prev").ValueKind);
        var value = document.RootElement.GetProperty("entries")[0].GetProperty("value");
        Assert.Equal(image.Sha256.ToString(), value.GetProperty("sha256").GetString());
        Assert.Equal(image.InfoV1.ToString(), value.GetProperty("infoV1").GetString());

        async Task<string> Verify(byte[] signed)
        {
            var pae = Path.Combine(site.Root, "pae");
            await File.WriteAllBytesAsync(pae, [.. Encoding.UTF8.GetBytes($"DSSEv1 {type.Length} {type} {signed.Length} "), .. signed], Cancel);
            var result = await Counterpart.RunAsync("openssl", ["dgst", "-sha256", "-verify", publicKey, "-signature", signature, pae], Cancel);
            return result.Output + result.Error;
        }
    }

    [Fact]
    public async Task A_site_starts_again_on_its_very_first_document()
    {
        await using var site = await TestSite.StartAsync(Cancel);
        var image = await ApiCaller.AddAsync(site, "one.iso", 1);
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);

        Assert.Equal(image.InfoV1, (await site.Client.GetImageAsync("one.iso", Cancel)).InfoV1);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
    }
}
