using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using IsoCatalog.Client;

namespace IsoCatalog.Appliance.Commands;

/// <summary>A site that is asked over the network.</summary>
internal static class RemoteSite
{
    private const int MaxTokenFile = 4096;

    public static IApplianceClient Open(string server, string? tokenFile, string? caFile, Screen screen, TimeProvider time)
    {
        if (!Uri.TryCreate(server, UriKind.Absolute, out var address))
        {
            throw VerbException.Usage($"--server {server}: this is not an address of a site, such as https://isos.example.com:8443.");
        }

        var token = tokenFile is null ? null : Token(tokenFile);
        if (token is not null && address.Scheme == Uri.UriSchemeHttp && !address.IsLoopback)
        {
            screen.Warning($"the token goes to {address.Host} unencrypted; whoever reads the network can use it. Use https.");
        }

        try
        {
            return ApplianceClient.At(
                address,
                new ApplianceClientOptions { Token = token, TrustedRoots = caFile is null ? null : Roots(caFile), Time = time });
        }
        catch (ArgumentException wrong)
        {
            throw VerbException.Usage($"--server {server}: {wrong.Message.Split(" (Parameter", 2)[0]}");
        }
    }

    private static string Token(string path)
    {
        var bytes = new byte[MaxTokenFile + 1];
        int length;
        try
        {
            using var file = File.OpenRead(path);
            length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw VerbException.Usage($"--token-file: {failure.Message}");
        }

        var token = Encoding.Latin1.GetString(bytes, 0, length).Trim();
        return token.Length is 0 || length > MaxTokenFile || token.Any(c => c is <= ' ' or > '~')
            ? throw VerbException.Usage($"--token-file {path}: the file does not hold a token: one word of visible ASCII characters.")
            : token;
    }

    private static X509Certificate2Collection Roots(string path)
    {
        var roots = new X509Certificate2Collection();
        try
        {
            roots.ImportFromPemFile(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw VerbException.Usage($"--ca-file {path}: {failure.Message}");
        }

        return roots.Count > 0 ? roots : throw VerbException.Usage($"--ca-file {path}: there is no PEM certificate in it.");
    }
}
