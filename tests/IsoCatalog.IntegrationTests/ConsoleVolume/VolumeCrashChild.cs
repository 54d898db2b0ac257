using System.Diagnostics.CodeAnalysis;
using IsoCatalog.IntegrationTests.Surfaces;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.ConsoleVolume;
using IsoCatalog.Surfaces.Files;
using Xunit;

namespace IsoCatalog.IntegrationTests.ConsoleVolume;

/// <summary>The process that <see cref="VolumeCrashTests"/> starts and kills: this same program, told to run nothing but this.</summary>
public sealed class VolumeCrashChild
{
    public const string FolderVariable = "ISOCATALOG_TEST_FOLDER";

    [Fact(Explicit = true)]
    public async Task Publish_in_another_process()
    {
        var cancel = TestContext.Current.CancellationToken;
        var folder = Folder();
        Assert.SkipWhen(folder is null, "This is a part of another test.");
        var surface = Open(folder!);
        var image = Image(folder!);
        Assert.IsType<SurfaceOutcome.Done>(await surface.CheckAsync(cancel));
        Expect(await surface.StageAsync(image, null, cancel));
        Expect(await surface.AdvertiseAsync(image, cancel));
        var receipt = FileIdentity.Of(Path.Combine(folder!, "volume", image.FileName), image.Root);
        Expect(await surface.WithdrawAsync(image, receipt, cancel));
    }

    public static ConsoleVolumeSurface Open(string folder) => new(
        new ConsoleVolumeOptions("console-1", "console", Path.Combine(folder, "volume"), null, false, TimeSpan.FromSeconds(10)), null, null);

    private static StoredImage Image(string folder)
    {
        var path = Assert.Single(Directory.GetFiles(Path.Combine(folder, "store")));
        return ContractImages.Describe(path, "a.iso");
    }

    [SuppressMessage("ApiDesign", "RS0030:Do not use banned APIs", Justification = "A test that starts itself again has no other way to tell it anything.")]
    private static string? Folder() => Environment.GetEnvironmentVariable(FolderVariable);

    private static void Expect(SurfaceOutcome outcome) => Assert.True(outcome is SurfaceOutcome.Done, outcome.ToString());
}
