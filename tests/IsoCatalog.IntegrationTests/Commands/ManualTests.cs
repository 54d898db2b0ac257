using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Commands;

public sealed class ManualTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_manual_page_is_sound_to_those_that_read_manual_pages()
    {
        using var folder = new TempFolder();
        var page = folder.Write("isocatalog.1", System.Text.Encoding.UTF8.GetBytes((await Isocatalog.RunAsync("man")).Output));

        var mandoc = await Counterpart.RunAsync("mandoc", ["-Tlint", "-Wstyle", page], Cancel);
        var groff = await Counterpart.RunAsync("groff", ["-ww", "-man", "-Tutf8", "-z", page], Cancel);
        var man = await Counterpart.RunAsync("man", ["--warnings", "-l", page], Cancel);

        Assert.Equal((0, "", ""), (mandoc.ExitCode, mandoc.Output, mandoc.Error));
        Assert.Equal((0, "", ""), (groff.ExitCode, groff.Output, groff.Error));
        Assert.Equal((0, ""), (man.ExitCode, man.Error));
        Assert.Contains("isocatalog - keep a signed catalog", man.Output, StringComparison.Ordinal);
        Assert.Contains("/etc/isocatalog/site.yaml", man.Output, StringComparison.Ordinal);
        Assert.Contains("trust add-site REQUEST", man.Output, StringComparison.Ordinal);
    }
}
