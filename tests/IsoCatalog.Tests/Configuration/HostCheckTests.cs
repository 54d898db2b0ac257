using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IsoCatalog.Appliance.Configuration;
using Xunit;

namespace IsoCatalog.Tests.Configuration;

[SupportedOSPlatform("linux")]
public sealed class HostCheckTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "isocatalog-" + Guid.NewGuid())).FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_certificate_with_its_own_closed_key_is_accepted()
    {
        WritePair("api", Now.AddDays(90));

        Assert.Empty(Check("tls: { api: { certificate: api.crt, key: api.key } }"));
    }

    [Fact]
    public void An_engines_password_and_authority_are_looked_at_before_the_start()
    {
        WritePair("ca", Now.AddDays(90));
        File.WriteAllText(Path.Combine(_folder, "secret"), "s");
        File.SetUnixFileMode(Path.Combine(_folder, "secret"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(Path.Combine(_folder, "nothing"), "");
        File.SetUnixFileMode(Path.Combine(_folder, "nothing"), UnixFileMode.UserRead);
        File.WriteAllText(Path.Combine(_folder, "open"), "s");
        File.SetUnixFileMode(Path.Combine(_folder, "open"), UnixFileMode.UserRead | UnixFileMode.OtherRead);

        Assert.Empty(Check(Domain("secret", "ca.crt")));
        Assert.Contains("There is no file", Only(Domain("none", "ca.crt"), "surfaces[0].engine.passwordFile"), StringComparison.Ordinal);
        Assert.Contains("is empty", Only(Domain("nothing", "ca.crt"), "surfaces[0].engine.passwordFile"), StringComparison.Ordinal);
        Assert.Contains("chmod 0600", Only(Domain("open", "ca.crt"), "surfaces[0].engine.passwordFile"), StringComparison.Ordinal);
        Assert.Contains("pki-resource", Only(Domain("secret", "site.yaml"), "surfaces[0].engine.caFile"), StringComparison.Ordinal);

        static string Domain(string password, string authority) =>
            "surfaces: [ { name: a, kind: ovirt-iso-domain, path: /exports/iso, domain: 3f0c1b52-6c5e-4b53-9d0a-0b5a3f0a7e11, "
            + $"engine: {{ url: 'https://e/ovirt-engine', user: u, passwordFile: {password}, caFile: {authority} }} }} ]";
    }

    [Fact]
    public void Missing_open_mismatched_and_expired_are_each_named_at_their_line()
    {
        WritePair("api", Now.AddDays(90));
        WritePair("other", Now.AddDays(90));
        WritePair("old", Now.AddDays(-1));
        File.SetUnixFileMode(Path.Combine(_folder, "other.key"), UnixFileMode.UserRead | UnixFileMode.OtherRead);

        Assert.Contains("There is no file", Only("tls: { api: { certificate: none.crt, key: api.key } }", "tls.api.certificate"), StringComparison.Ordinal);
        Assert.Contains("chmod 0600", Only("tls: { api: { certificate: other.crt, key: other.key } }", "tls.api.key"), StringComparison.Ordinal);
        Assert.Contains("private key", Only("tls: { api: { certificate: old.crt, key: api.key } }", "tls.api"), StringComparison.Ordinal);
        Assert.Contains("expired on 2026-05-31", Only("tls: { api: { certificate: old.crt, key: old.key } }", "tls.api.certificate"), StringComparison.Ordinal);
        Assert.Contains("private key", Only("tls: { api: { certificate: site.yaml, key: api.key } }", "tls.api"), StringComparison.Ordinal);
    }

    [Fact]
    public void Folders_that_a_symbolic_link_makes_one_are_refused()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "data", "store"));
        Directory.CreateDirectory(Path.Combine(_folder, "isos"));
        File.CreateSymbolicLink(Path.Combine(_folder, "link"), Path.Combine(_folder, "data"));
        File.CreateSymbolicLink(Path.Combine(_folder, "again"), "isos");
        File.CreateSymbolicLink(Path.Combine(_folder, "circle"), "circle");

        Assert.Contains("inside the other", Only("surfaces: [ { name: a, kind: volume, path: link/isos } ]", "surfaces[0].path"), StringComparison.Ordinal);
        Assert.Contains(
            "so does surfaces[0]",
            Only("surfaces: [ { name: a, kind: volume, path: isos }, { name: b, kind: volume, path: again/sub } ]", "surfaces[1].path"),
            StringComparison.Ordinal);
        Assert.Empty(Check("surfaces: [ { name: a, kind: volume, path: circle/x }, { name: b, kind: volume, path: isos } ]"));
    }

    private string Only(string yaml, string path)
    {
        var problem = Assert.Single(Check(yaml));
        Assert.Equal((path, 3), (problem.Path, problem.Line));
        return problem.Message;
    }

    private IReadOnlyList<ConfigurationProblem> Check(string yaml)
    {
        var file = Path.Combine(_folder, "site.yaml");
        File.WriteAllText(file, $"site: ams\ndata: data\n{yaml}\n");
        return HostCheck.Run(Assert.IsType<ConfigurationResult.Loaded>(ConfigurationFile.Load(file)), Now);
    }

    private void WritePair(string name, DateTimeOffset notAfter)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256).CreateSelfSigned(notAfter.AddDays(-365), notAfter);
        File.WriteAllText(Path.Combine(_folder, name + ".crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder, name + ".key"), key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(Path.Combine(_folder, name + ".key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
