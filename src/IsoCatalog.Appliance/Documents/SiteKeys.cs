using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Trust;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Ipmi;

namespace IsoCatalog.Appliance.Documents;

/// <summary>
/// What only this site may know: the key that signs its documents, the key that it shows to other sites, and the secret that its standing URLs are made
/// from. A key is for one use: who reads the TLS key cannot sign.
/// </summary>
internal sealed class SiteKeys : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>RFC 5280 4.1.2.5: no well-defined end. What counts is the key, which the trust document names; nobody looks at dates.</summary>
    private static readonly DateTimeOffset Never = new(9999, 12, 31, 23, 59, 59, TimeSpan.Zero);

    private SiteKeys(SigningKey signing, X509Certificate2? tls, byte[] urlSecret) => (Signing, Tls, UrlSecret) = (signing, tls, urlSecret);

    public SigningKey Signing { get; }

    /// <summary>With its private key; what other sites pin is its SubjectPublicKeyInfo. Null at a site that was made before it had a TLS key.</summary>
    public X509Certificate2? Tls { get; }

    public ReadOnlyMemory<byte> UrlSecret { get; }

    public static bool Exist(SiteFolders folders) => File.Exists(folders.SigningKey);

    /// <summary>The certificate, or the reason why there is none.</summary>
    /// <exception cref="SiteStartException">The site has no TLS key.</exception>
    public static X509Certificate2 RequireTls(SiteKeys keys, SiteFolders folders) => keys.Tls ?? throw new SiteStartException(
        "key-missing", $"{folders.TlsKey} is missing, and the configuration names listeners or peers that need it. Run 'isocatalog init' to make one, "
        + "then have it added to the trust document, or put it back from a backup.");

    /// <summary>Makes what is missing. Never replaces a key that is there.</summary>
    public static void Generate(SiteFolders folders)
    {
        if (!File.Exists(folders.SigningKey))
        {
            using var key = SigningKey.Generate();
            DurableFile.WriteAtomically(folders.SigningKey, System.Text.Encoding.ASCII.GetBytes(key.ExportPem()), OwnerOnly);
        }

        if (!File.Exists(folders.TlsKey))
        {
            using var key = SigningKey.Generate();
            DurableFile.WriteAtomically(folders.TlsKey, System.Text.Encoding.ASCII.GetBytes(key.ExportPem()), OwnerOnly);
        }

        if (!File.Exists(folders.UrlSecret))
        {
            DurableFile.WriteAtomically(folders.UrlSecret, RandomNumberGenerator.GetBytes(BmcToken.SecretLength), OwnerOnly);
        }
    }

    /// <summary>Makes new keys towards other sites. The old ones are deleted: they must open nothing any more. Nothing of the site may run.</summary>
    public static void Replace(SiteFolders folders)
    {
        // The signing key last: as long as it is the old one, this is done again.
        DurableFile.Delete(folders.TlsKey);
        Generate(folders);
        using var key = SigningKey.Generate();
        DurableFile.WriteAtomically(folders.SigningKey, System.Text.Encoding.ASCII.GetBytes(key.ExportPem()), OwnerOnly);
    }

    /// <exception cref="SiteStartException">A file is missing, cannot be read, may be read by others, or is not what it should be.</exception>
    public static SiteKeys Load(SiteFolders folders)
    {
        if (!File.Exists(folders.SigningKey) && !Directory.Exists(folders.Catalog))
        {
            throw new SiteStartException(
                "not-initialised", $"{folders.Data} holds no site yet: {folders.SigningKey} is missing. Make one with 'isocatalog init'.");
        }

        var pem = System.Text.Encoding.ASCII.GetString(Read(folders.SigningKey));
        var secret = Read(folders.UrlSecret);
        if (secret.Length != BmcToken.SecretLength)
        {
            throw new SiteStartException(
                "key-invalid",
                $"{folders.UrlSecret} has {secret.Length} bytes instead of {BmcToken.SecretLength}. Put it back from a backup; a new one (delete it and "
                + "run 'isocatalog init') changes every standing BMC URL.");
        }

        var tls = File.Exists(folders.TlsKey) ? System.Text.Encoding.ASCII.GetString(Read(folders.TlsKey)) : null;
        SigningKey signing;
        try
        {
            signing = SigningKey.FromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw new SiteStartException("key-invalid", $"{folders.SigningKey} is not a usable signing key: {e.Message}. Put it back from a backup.", e);
        }

        try
        {
            return new SiteKeys(signing, tls is null ? null : Certificate(tls), secret);
        }
        catch (CryptographicException e)
        {
            signing.Dispose();
            throw new SiteStartException("key-invalid", $"{folders.TlsKey} is not a usable TLS key: {e.Message}. Put it back from a backup.", e);
        }
    }

    /// <summary>The public half of the TLS key, as a trust document lists it.</summary>
    /// <exception cref="SiteStartException">It is missing or unusable.</exception>
    public static VerifyingKey ReadTlsPublic(SiteFolders folders) => ReadPublic(folders.TlsKey);

    /// <inheritdoc cref="ReadTlsPublic"/>
    public static VerifyingKey ReadSigningPublic(SiteFolders folders) => ReadPublic(folders.SigningKey);

    public void Dispose()
    {
        Signing.Dispose();
        Tls?.Dispose();
    }

    private static VerifyingKey ReadPublic(string path)
    {
        try
        {
            using var key = SigningKey.FromPem(System.Text.Encoding.ASCII.GetString(Read(path)));
            return key.Public;
        }
        catch (CryptographicException e)
        {
            throw new SiteStartException("key-invalid", $"{path} is not a usable key: {e.Message}. Put it back from a backup.", e);
        }
    }

    /// <summary>A certificate is what TLS wants to see; it says nothing but the key, so it is made anew at each start and kept nowhere.</summary>
    private static X509Certificate2 Certificate(string pem)
    {
        // The checks of a signing key (one P-256 key in PEM) are those of this key.
        using (SigningKey.FromPem(pem))
        {
            using var key = ECDsa.Create();
            key.ImportFromPem(pem);
            var request = new CertificateRequest("CN=isocatalog", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
            return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, Never);
        }
    }

    private static byte[] Read(string path)
    {
        try
        {
            var mode = File.GetUnixFileMode(path);
            if ((mode & ~OwnerOnly) != UnixFileMode.None)
            {
                throw new SiteStartException(
                    "key-mode",
                    $"{path} has the mode {Convert.ToString((int)mode, 8).PadLeft(4, '0')}: others than its owner may use it. Run 'chmod 600 {path}', "
                    + "and make a new key if somebody may have read it.");
            }

            return File.ReadAllBytes(path);
        }
        catch (FileNotFoundException e)
        {
            throw new SiteStartException("key-missing", $"{path} is missing. Put it back from a backup.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SiteStartException(
                "key-unreadable", $"{path} cannot be read: {e.Message} It must belong to the user that runs the site, with mode 0600.", e);
        }
    }
}
