
namespace IsoCatalog.Appliance.Configuration;

/// <summary>What came of reading a configuration file.</summary>
public abstract record ConfigurationResult
{
    private ConfigurationResult(string fileName) => FileName = fileName;

    /// <summary>As the operator named it; the head of every printed problem.</summary>
    public string FileName { get; }

    /// <summary>The file can be used.</summary>
    public sealed record Loaded : ConfigurationResult
    {
        internal Loaded(string fileName, SiteConfiguration configuration, IReadOnlyList<ConfigurationProblem> warnings, Yaml.Problems places)
            : base(fileName)
        {
            Configuration = configuration;
            Warnings = warnings;
            Places = places;
        }

        public SiteConfiguration Configuration { get; }

        /// <summary>In the order of the file. Worth a line in the log each; none stops the appliance.</summary>
        public IReadOnlyList<ConfigurationProblem> Warnings { get; }

        internal Yaml.Problems Places { get; }
    }

    /// <summary>The file cannot be used; every mistake found is listed, in the order of the file.</summary>
    public sealed record Invalid : ConfigurationResult
    {
        internal Invalid(string fileName, IReadOnlyList<ConfigurationProblem> problems, IReadOnlyList<ConfigurationProblem> warnings)
            : base(fileName)
        {
            Problems = problems;
            Warnings = warnings;
        }

        public IReadOnlyList<ConfigurationProblem> Problems { get; }

        public IReadOnlyList<ConfigurationProblem> Warnings { get; }

        /// <summary>Where the site's socket is, as far as that could be read; null where it could not.</summary>
        internal string? Socket { get; init; }
    }
}
