using System.Globalization;
using System.Text.RegularExpressions;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Deploy;

/// <summary>The systemd unit and the installation script, as far as they can be judged without a system; tests/deploy.sh has one.</summary>
public sealed partial class UnitTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static string Unit { get; } = OpenApiDocumentTests.RepositoryFile("deploy/systemd/isocatalog.service");

    private static string Installer { get; } = OpenApiDocumentTests.RepositoryFile("deploy/install.sh");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_unit_is_sound_and_well_closed()
    {
        Counterpart.Require("systemd-analyze");

        // What it starts must be there, so it is judged with a program that is.
        var unit = _folder.Combine("isocatalog.service");
        var text = (await File.ReadAllTextAsync(Unit, Cancel)).Replace("/usr/local/bin/isocatalog", "/bin/true", StringComparison.Ordinal)
            .Replace("Documentation=file:", "Documentation=https:", StringComparison.Ordinal);
        await File.WriteAllTextAsync(unit, text, Cancel);
        var verified = await Counterpart.RunAsync("systemd-analyze", ["verify", "--man=no", "--recursive-errors=no", unit], Cancel);
        Assert.DoesNotContain("isocatalog.service:", verified.Output + verified.Error, StringComparison.Ordinal);
        Assert.Equal(0, verified.ExitCode);

        var judged = (await Counterpart.RunAsync("systemd-analyze", ["security", "--offline=true", "--no-pager", Unit], Cancel)).Succeeded();
        var exposure = double.Parse(Exposure().Match(judged).Groups["level"].Value, CultureInfo.InvariantCulture);
        Assert.True(exposure <= 2.0, $"The unit is rated {exposure}:\n{judged}");
    }

    [Fact]
    public async Task The_unit_gives_up_on_what_another_try_does_not_mend()
    {
        var unit = await File.ReadAllTextAsync(Unit, Cancel);
        Assert.Contains($"RestartPreventExitStatus={IsoCatalog.Appliance.Commands.ExitCode.ConfigurationInvalid}\n", unit, StringComparison.Ordinal);

        // Verbs and options that the unit and the script use are those of the program.
        foreach (var verb in new[] { "check-config", "serve", "init", "reload" })
        {
            var (exit, help, _) = await TestSite.RunAsync([verb, "--help"], Cancel);
            Assert.Equal(0, exit);
            Assert.All(
                Used().Matches(unit + await File.ReadAllTextAsync(Installer, Cancel)).Where(m => m.Groups["verb"].Value == verb).SelectMany(m => Option().Matches(m.Value)),
                option => Assert.Contains(option.Value, help, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task The_installer_explains_itself_and_refuses_what_it_does_not_know()
    {
        Assert.Contains("--uninstall", (await Counterpart.RunAsync("sh", [Installer, "--help"], Cancel)).Succeeded(), StringComparison.Ordinal);
        Assert.Equal(2, (await Counterpart.RunAsync("sh", [Installer, "--nonsense"], Cancel)).ExitCode);
        Assert.Equal(2, (await Counterpart.RunAsync("sh", [Installer, "--site"], Cancel)).ExitCode);

        var missing = await Counterpart.RunAsync("sh", [Installer, "--from", _folder.Path], Cancel);
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains(Environment.IsPrivilegedProcess ? "no published program" : "as root", missing.Error, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"Overall exposure level[^:]*: (?<level>[0-9.]+)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Exposure();

    [GeneratedRegex(@"(isocatalog""? |-- )(?<verb>check-config|serve|init|reload) [^\n]*", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Used();

    [GeneratedRegex("--[a-z-]+", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Option();
}
